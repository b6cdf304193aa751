//! What is left without some components: classes told right, the representation itself. It is ablation in the
//! decomposition, the direct effect on the representation: what later layers read from them is left as it was.

pub mod ablate;
mod accuracies;
pub mod classify;
mod groups;
pub mod measure;
