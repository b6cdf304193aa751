//! What a trace has noted: the operations of a forward pass, and what the readout needs of each.

use candle_core::Tensor;

use crate::decompose::component::{Component, ComponentKind};
use crate::decompose::layers::Linear;
use crate::decompose::windows::Windows;

/// Attention of one layer as token maps need it; under windowed attention each window counts as an image of its own.
#[derive(Clone, Debug)]
pub(in crate::decompose) struct HeadDetail {
    /// Softmax rows of the read queries, `[B, H, n, T]`.
    pub attention: Tensor,
    /// Values, `[B, H, T, d]`.
    pub values: Tensor,
    /// How tokens were grouped.
    pub windows: Option<Windows>,
}

/// One recorded operation; `input` fields are node numbers.
#[derive(Debug)]
pub(in crate::decompose) enum Op {
    /// The component `init`.
    Embedded {
        rows: Tensor,
    },
    LayerNorm {
        input: usize,
        weight: Tensor,
        bias: Tensor,
        inv_sigma: Tensor,
    },
    Linear {
        input: usize,
        layer: Linear,
    },
    Scale {
        input: usize,
        scale: Tensor,
    },
    Add {
        left: usize,
        right: usize,
    },
    /// The first tokens alone; `dropped` of those kept are left out.
    Narrow {
        input: usize,
        dropped: usize,
    },
    Pool {
        input: usize,
        weights: Tensor,
    },
    Normalize {
        input: usize,
        inv_norm: Tensor,
    },
    /// Tokens 2×2 side by side: `parent` is the output token each input token went to, `slots` its quarter.
    Merge {
        input: usize,
        parent: Tensor,
        slots: Vec<Tensor>,
    },
    /// The mean of 2×2 tokens.
    AveragePool {
        input: usize,
        parent: Tensor,
    },
    Heads {
        input: usize,
        layer: usize,
        heads: usize,
        qkv: Linear,
        out: Linear,
        rows: Tensor,
        detail: Option<HeadDetail>,
    },
    /// A component that ends in a linear layer, an MLP or a convolution branch: `rows` are its output without the bias.
    Branch {
        component: Component,
        out: Linear,
        rows: Tensor,
        hidden: Option<Tensor>,
    },
}

/// A finished recording: what [`crate::decompose::readout`] walks.
#[derive(Debug)]
pub struct Recording {
    pub(in crate::decompose) nodes: Vec<Op>,
    pub(in crate::decompose) output: usize,
    /// The representation z, `[B, Dz]`.
    pub representation: Tensor,
}

impl Recording {
    /// The second layer of every MLP, by layer.
    pub(in crate::decompose) fn mlps(&self) -> Vec<(usize, Linear)> {
        let mlp = |op: &Op| match op {
            Op::Branch { component, out, .. } if component.kind == ComponentKind::Mlp => {
                Some((usize::from(component.layer), out.clone()))
            }
            _ => None,
        };
        self.nodes.iter().filter_map(mlp).collect()
    }
}
