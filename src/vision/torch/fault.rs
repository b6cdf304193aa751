//! Why a file of PyTorch isn't read.

/// Why a file isn't read.
#[derive(Debug)]
pub(in crate::vision) enum Fault {
    /// It is broken.
    Damaged(String),
    /// It is something that this program doesn't read, on purpose.
    Refused(String),
}
