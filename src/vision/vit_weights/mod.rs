//! A Vision Transformer's tensors under one naming, whoever saved them.
//!
//! Shapes are PyTorch's: a linear layer's weight is `[out, in]`. Queries, keys and values come as one `[3D, D]`, in that
//! order; head h owns rows h·d … (h+1)·d of each third.

mod names;
mod state_dict;
mod take;
mod tensors;
mod unused;

pub use super::layer_weights::{Linear, Norm};
pub use tensors::{BlockWeights, VitWeights};
