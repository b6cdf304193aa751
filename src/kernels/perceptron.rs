//! Two linear layers with a nonlinearity between, a chunk of rows at a time: what is between is the widest value of a
//! transformer, and never leaves the cache.

use candle_core::{Result, Tensor};

use super::activation::Activation;
use super::buffer::Buffer;
use super::composed;
use super::left::Plain;
use super::panels::Panels;
use super::product::{Finish, product, rows_together};
use super::tensors::{with_optional, with_values};

/// The second layer's product, without a bias, for `x` `[B, T, K]`: `[B, T, N]`. `keep` asks for the hidden activations of
/// the first so many tokens of each image, `[B, n, M]`.
///
/// # Errors
/// When the layers take other widths or lie on different devices.
pub fn perceptron(
    x: &Tensor,
    (up, bias): (&Panels, Option<&Tensor>),
    activation: Activation,
    down: &Panels,
    keep: Option<usize>,
) -> Result<(Tensor, Option<Tensor>)> {
    let (batch, tokens, depth) = x.dims3()?;
    let (hidden_width, width) = (up.outputs(), down.outputs());
    if depth != up.inputs() || hidden_width != down.inputs() {
        candle_core::bail!(
            "layers of {} and {} inputs are given tokens of width {depth} and {hidden_width}",
            up.inputs(),
            down.inputs()
        );
    }
    match (up.elsewhere(), down.elsewhere()) {
        (Some(up), Some(down)) => {
            return composed::perceptron(x, (up, bias), activation, down, keep);
        }
        (None, None) => {}
        _ => candle_core::bail!("the layers of a perceptron lie on different devices"),
    }
    let rows = batch * tokens;
    let together = rows_together(rayon::current_num_threads(), rows).max(1);
    let mut out = vec![0f32; rows * width];
    let mut kept = Vec::new();
    with_optional(bias, |bias| {
        with_values(x, |x| {
            let mut hidden = Buffer::of(together * hidden_width);
            let chunks = x
                .chunks(together * depth)
                .zip(out.chunks_mut(together * width));
            for (chunk, (values, out)) in chunks.enumerate() {
                let hidden = &mut hidden[..values.len() / depth * hidden_width];
                let activation = Some(activation);
                let first = Plain { values, depth };
                let finish = Finish { bias, activation };
                product(&first, up, 0..hidden_width, finish, hidden);
                for (row, hidden) in hidden.chunks_exact(hidden_width).enumerate() {
                    if keep.is_some_and(|keep| (chunk * together + row) % tokens < keep) {
                        kept.extend_from_slice(hidden);
                    }
                }
                let second = Plain {
                    values: hidden,
                    depth: hidden_width,
                };
                product(&second, down, 0..width, Finish::default(), out);
            }
        })
    })??;
    let kept = keep.map(|keep| Tensor::from_vec(kept, (batch, keep, hidden_width), x.device()));
    let out = Tensor::from_vec(out, (batch, tokens, width), x.device())?;
    Ok((out, kept.transpose()?))
}
