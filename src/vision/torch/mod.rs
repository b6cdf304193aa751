//! PyTorch's own files (`pytorch_model.bin`, `*.pth`), read without running anything in them.
//!
//! `torch.save` writes a zip archive: a pickle that describes the tensors, and the bytes of each storage. Several tensors
//! may be views of one storage, in any order of axes.

mod archive;
mod fault;
mod pickle;
mod state_dict;

pub(super) use fault::Fault;
pub(super) use state_dict::{Described, read};
