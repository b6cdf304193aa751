//! Components split over tokens: heads over those they read from, all others over those they were made at.

use candle_core::{Device, Result, Tensor};

use super::Component;
use super::trace::HeadDetail;

/// The heads of a layer, split over source tokens.
///
/// Term (h, t) is the row with slots `weights[s, h, t] · values[h, t]`, side by side, through the map of head h; a
/// plain ViT has one slot, a Swin stage four for each patch merging above it.
#[derive(Clone, Debug)]
pub struct TokenTerms {
    /// The layer.
    pub layer: usize,
    /// aᵀA per head and source token, `[B, S, H, T]`.
    pub weights: Tensor,
    /// The tokens' values, `[B, H, T, d]`.
    pub values: Tensor,
}

/// A component that is made at each token by itself (an MLP, a convolution branch, the embedded tokens), split over them.
///
/// Term t is the row with slots `weights[s, t] · rows[t]`, side by side, through the component's map. Only tokens that
/// reach the representation are there: of a plain ViT that reads its class token, that token alone.
#[derive(Clone, Debug)]
pub struct OwnTerms {
    /// The component.
    pub component: Component,
    /// a of each slot, `[B, S, T]`.
    pub weights: Tensor,
    /// What the component adds at each token, `[B, T, D]`.
    pub rows: Tensor,
}

/// What an image's tokens contribute, all components apart.
#[derive(Clone, Debug)]
pub struct Located {
    /// The heads, layer by layer, over source tokens.
    pub heads: Vec<TokenTerms>,
    /// Every other component but the bias, which has no place.
    pub own: Vec<OwnTerms>,
}

impl Located {
    /// The same on the CPU.
    pub(super) fn on_cpu(mut self) -> Result<Self> {
        let heads = self.heads.iter_mut();
        let heads = heads.flat_map(|terms| [&mut terms.weights, &mut terms.values]);
        let own = self.own.iter_mut();
        let own = own.flat_map(|terms| [&mut terms.weights, &mut terms.rows]);
        for tensor in heads.chain(own) {
            *tensor = tensor.to_device(&Device::Cpu)?;
        }
        Ok(self)
    }
}

/// aᵀA for the heads of a layer under token weights `a` `[B, n]` of each slot, tokens brought back from their windows.
pub(super) fn token_terms(layer: usize, a: &[Tensor], detail: &HeadDetail) -> Result<TokenTerms> {
    let HeadDetail {
        attention,
        values,
        windows,
    } = detail;
    // A grouped axis of tokens, [B·G, size, ..] or [B, T, ..] already, back to [B, T, ..].
    let restored = |grouped: Tensor| match windows {
        Some(windows) => windows.restore(&grouped),
        None => Ok(grouped),
    };
    let a = Tensor::stack(a, 2)?;
    let a = match windows {
        Some(windows) => windows.partition(&a)?,
        None => a,
    };
    let (groups, heads, queries, sources) = attention.dims4()?;
    let by_query = attention
        .transpose(1, 2)?
        .reshape((groups, queries, heads * sources))?;
    let weights = a.transpose(1, 2)?.contiguous()?.matmul(&by_query)?;
    let weights = weights.reshape((groups, a.dim(2)?, heads, sources))?;
    Ok(TokenTerms {
        layer,
        weights: restored(weights.permute((0, 3, 1, 2))?)?
            .permute((0, 2, 3, 1))?
            .contiguous()?,
        values: restored(values.transpose(1, 2)?)?
            .transpose(1, 2)?
            .contiguous()?,
    })
}
