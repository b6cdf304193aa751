//! The residual sum, with what is left to do to a branch done in the same pass.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::{ROWS_PER_TASK, span, values_mut, with_optional, with_values};

/// `x += scale · (y + bias)` in place, for `x` and `y` of one shape `[.., D]` and vectors `[D]`; nothing else may rely on
/// the values of `x`.
///
/// # Errors
/// When the shapes differ.
pub fn add_branch(
    x: &Tensor,
    y: &Tensor,
    bias: Option<&Tensor>,
    scale: Option<&Tensor>,
) -> Result<()> {
    if x.shape() != y.shape() {
        candle_core::bail!("cannot add {:?} to {:?}", y.shape(), x.shape());
    }
    let width = *y.dims().last().expect("tokens have an axis");
    with_optional(bias, |bias| {
        with_optional(scale, |scale| {
            x.inplace_op2(&y.contiguous()?, &AddBranch { width, bias, scale })
        })
    })??
}

struct AddBranch<'a> {
    width: usize,
    bias: Option<&'a [f32]>,
    scale: Option<&'a [f32]>,
}

impl InplaceOp2 for AddBranch<'_> {
    fn name(&self) -> &'static str {
        "add_branch"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, xl: &Layout, y: &CpuStorage, yl: &Layout) -> Result<()> {
        let y = match y {
            CpuStorage::F32(values) => &values[span(yl)?],
            _ => candle_core::bail!("this kernel takes f32 tensors"),
        };
        let rows = self.width * ROWS_PER_TASK;
        values_mut(x, xl)?
            .par_chunks_mut(rows)
            .zip(y.par_chunks(rows))
            .for_each(|(x, y)| Arch::new().dispatch(Rows { x, y, branch: self }));
        Ok(())
    }
}

struct Rows<'a> {
    x: &'a mut [f32],
    y: &'a [f32],
    branch: &'a AddBranch<'a>,
}

impl NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.branch.width;
        let rows = self.x.chunks_exact_mut(width);
        for (x, y) in rows.zip(self.y.chunks_exact(width)) {
            // The match stands outside the loops so that each loop vectorises on its own.
            let pairs = x.iter_mut().zip(y);
            match (self.branch.bias, self.branch.scale) {
                (None, None) => pairs.for_each(|(x, y)| *x += y),
                (Some(bias), None) => pairs.zip(bias).for_each(|((x, y), b)| *x += y + b),
                (None, Some(scale)) => pairs.zip(scale).for_each(|((x, y), s)| *x += y * s),
                (Some(bias), Some(scale)) => pairs
                    .zip(bias.iter().zip(scale))
                    .for_each(|((x, y), (b, s))| *x += (y + b) * s),
            }
        }
    }
}

/// Multiplies every row of `x` `[.., D]` by `scale` `[D]`, in place.
///
/// # Errors
/// The tensor library's.
pub fn scale_columns(x: &Tensor, scale: &Tensor) -> Result<()> {
    with_values(scale, |scale| x.inplace_op1(&Scale { scale }))?
}

struct Scale<'a> {
    scale: &'a [f32],
}

impl InplaceOp1 for Scale<'_> {
    fn name(&self) -> &'static str {
        "scale_columns"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let scale = self.scale;
        values_mut(x, layout)?
            .par_chunks_mut(scale.len() * ROWS_PER_TASK)
            .for_each(|x| Arch::new().dispatch(ScaleRows { x, scale }));
        Ok(())
    }
}

struct ScaleRows<'a> {
    x: &'a mut [f32],
    scale: &'a [f32],
}

impl NullaryFnOnce for ScaleRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.x.chunks_exact_mut(self.scale.len()) {
            row.iter_mut().zip(self.scale).for_each(|(x, s)| *x *= s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn branches_are_biased_scaled_and_added() {
        let tensor = |v: &[f32], rows: usize| {
            Tensor::from_slice(v, (rows, v.len() / rows), &Device::Cpu).unwrap()
        };
        let y = tensor(&[1., 2., 3., 4.], 2);
        let (bias, scale) = (tensor(&[10., 20.], 1), tensor(&[2., -1.], 1));
        let (bias, scale) = (bias.squeeze(0).unwrap(), scale.squeeze(0).unwrap());
        let cases = [
            (None, None, [[2., 3.], [4., 5.]]),
            (Some(&bias), None, [[12., 23.], [14., 25.]]),
            (None, Some(&scale), [[3., -1.], [7., -3.]]),
            (Some(&bias), Some(&scale), [[23., -21.], [27., -23.]]),
        ];
        for (bias, scale, sums) in cases {
            let x = tensor(&[1.; 4], 2);
            add_branch(&x, &y, bias, scale).unwrap();
            assert_eq!(x.to_vec2::<f32>().unwrap(), sums);
        }
        assert!(add_branch(&bias, &y, None, None).is_err(), "shapes differ");
        scale_columns(&y, &scale).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[2., -2.], [6., -4.]]);
    }
}
