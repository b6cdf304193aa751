//! The residual sum, with what is left to do to a branch done in the same pass.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::composed;
use super::placement::is_own;
use super::tensors::{ROWS_PER_TASK, span, values_mut, with_optional, with_values};

/// `x + scale · (y + bias)` for `x` and `y` of one shape `[.., D]` and vectors `[D]`. On the CPU the sum is made in place:
/// nothing else may rely on the values of `x`.
///
/// # Errors
/// When the shapes differ.
pub fn add_branch(
    x: Tensor,
    y: &Tensor,
    bias: Option<&Tensor>,
    scale: Option<&Tensor>,
) -> Result<Tensor> {
    if x.shape() != y.shape() {
        candle_core::bail!("cannot add {:?} to {:?}", y.shape(), x.shape());
    }
    if !is_own(&x) {
        return composed::add_branch(&x, y, bias, scale);
    }
    let width = *y.dims().last().expect("tokens have an axis");
    with_optional(bias, |bias| {
        with_optional(scale, |scale| {
            x.inplace_op2(&y.contiguous()?, &AddBranch { width, bias, scale })
        })
    })???;
    Ok(x)
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

/// Multiplies every row of each image of `x` `[B, T, D]` by that image's row of `scale` `[B, D]`. On the CPU this happens in
/// place, as in [`add_branch`].
///
/// # Errors
/// When the shapes don't fit.
pub fn scale_columns(x: Tensor, scale: &Tensor) -> Result<Tensor> {
    let (batch, _, width) = x.dims3()?;
    if scale.dims() != [batch, width] {
        candle_core::bail!("cannot scale {:?} by {:?}", x.shape(), scale.shape());
    }
    if !is_own(&x) {
        return composed::scale_columns(&x, scale);
    }
    for image in 0..batch {
        let own = scale.get(image)?;
        with_values(&own, |scale| x.get(image)?.inplace_op1(&Scale { scale }))??;
    }
    Ok(x)
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
    use super::super::tests::here_and_elsewhere;
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
            for sum in here_and_elsewhere(|| add_branch(x.copy()?, &y, bias, scale)) {
                assert_eq!(sum.unwrap().to_vec2::<f32>().unwrap(), sums);
            }
        }
        assert!(add_branch(bias, &y, None, None).is_err(), "shapes differ");
    }

    #[test]
    fn every_image_has_its_own_scales() {
        let x = Tensor::from_slice(&[1f32, 2., 3., 4., 5., 6.], (3, 1, 2), &Device::Cpu).unwrap();
        let scale = Tensor::new(&[[2f32, -1.], [0.5, 3.], [0., 1.]], &Device::Cpu).unwrap();
        for scaled in here_and_elsewhere(|| scale_columns(x.copy()?, &scale)) {
            let scaled = scaled.unwrap().squeeze(1).unwrap();
            let expected = [[2., -2.], [1.5, 12.], [0., 6.]];
            assert_eq!(scaled.to_vec2::<f32>().unwrap(), expected);
        }
        assert!(
            scale_columns(x, &scale.t().unwrap()).is_err(),
            "shapes differ"
        );
    }
}
