//! How well images are classified, and what is lost without some components. It is ablation in the decomposition, the direct
//! effect on the representation: what later layers read from a component is left as it was.

pub mod class_heads;
pub mod judging;
pub mod replacing;
