//! The account of a checkpoint whose tensors don't fit, in one sentence.

use std::fmt;

use safetensors::tensor::Dtype;

/// Everything in which a checkpoint's tensors differ from those expected.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
pub struct TensorFaults {
    /// Tensors expected and absent.
    pub missing: Vec<String>,
    /// Tensors present and not expected.
    pub unexpected: Vec<String>,
    /// Tensors with another shape: name, the shape found, the shape expected.
    pub reshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Tensors that hold NaN or infinite numbers.
    pub not_finite: Vec<String>,
    /// Tensors of a type that isn't read.
    pub kinds: Vec<(String, Dtype)>,
    /// Why these tensors were expected.
    pub reason: String,
}

impl TensorFaults {
    /// Whether everything fitted.
    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty()
            && self.unexpected.is_empty()
            && self.reshaped.is_empty()
            && self.not_finite.is_empty()
            && self.kinds.is_empty()
    }
}

impl fmt::Display for TensorFaults {
    /// `12 tensors missing: …; 3 unexpected: …; 1 has another shape: …; taken for …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |(name, found, expected): &(String, Vec<usize>, Vec<usize>)| {
            format!("{name} is {found:?}, expected {expected:?}")
        };
        let reshaped: Vec<String> = self.reshaped.iter().map(named).collect();
        let kinds = self
            .kinds
            .iter()
            .map(|(name, kind)| format!("{name} ({kind:?})"));
        let kinds: Vec<String> = kinds.collect();
        let groups: [(&[String], &str, &str); 5] = [
            (&self.missing, "missing", "missing"),
            (&self.unexpected, "unexpected", "unexpected"),
            (&reshaped, "has another shape", "have another shape"),
            (
                &self.not_finite,
                "holds NaN or infinite numbers",
                "hold NaN or infinite numbers",
            ),
            (
                &kinds,
                "is of a type that is not read",
                "are of a type that is not read",
            ),
        ];
        let mut first = true;
        for (names, one, many) in groups {
            if names.is_empty() {
                continue;
            }
            let what = if names.len() == 1 { one } else { many };
            let unit = match (first, names.len()) {
                (true, 1) => " tensor",
                (true, _) => " tensors",
                (false, _) => "",
            };
            let before = if first { "" } else { "; " };
            write!(f, "{before}{}{unit} {what}: {}", names.len(), listed(names))?;
            first = false;
        }
        write!(f, "; {}", self.reason)
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
