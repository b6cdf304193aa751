//! The right side of a matrix product, brought once into the order in which it is read.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};

use super::composed::Unpacked;
use super::numbers::Numbers;
use super::operands::{Floats, Operands};
use super::pairs::Pairs;
use super::placement::is_own;
use super::tensors::with_values;
use super::tile::WIDTH;

/// A layer's weights W `[N, K]` for the product x Wᵀ: panels of [`WIDTH`] outputs, in each the weights of one input (or of
/// two) after those of another. Clones share them.
#[derive(Clone)]
pub struct Panels {
    outputs: usize,
    inputs: usize,
    numbers: Numbers,
    form: Form,
}

/// How the weights are held.
#[derive(Clone)]
pub(super) enum Form {
    /// f32.
    Single(Packed<Floats<false>>),
    /// bf16, in pairs of inputs.
    Pairs(Packed<Pairs>),
    /// Rounded to bf16, held in f32.
    Rounded(Packed<Floats<true>>),
    /// On another device than the CPU: products there are composed.
    Elsewhere(Unpacked),
}

/// Weights in the order of a form.
#[derive(Clone)]
pub(super) struct Packed<O: Operands> {
    pub operands: O,
    /// Steps down a sum.
    pub steps: usize,
    rows: Arc<[O::Right]>,
}

impl Panels {
    /// Packs W `[N, K]` for products of `numbers`; the last panel is filled up with zeros. On another device than the CPU, W
    /// stays in its order.
    ///
    /// # Errors
    /// When this machine does not multiply such numbers, or the tensor library's.
    pub fn pack(weight: &Tensor, numbers: Numbers) -> Result<Self> {
        if !is_own(weight) {
            let (outputs, inputs) = weight.dims2()?;
            let form = Form::Elsewhere(Unpacked::of(weight, numbers)?);
            return Ok(Self {
                outputs,
                inputs,
                numbers,
                form,
            });
        }
        match numbers {
            Numbers::F32 => Self::of(weight, numbers, |weight| {
                Form::Single(Packed::new(Floats, weight))
            }),
            Numbers::Bf16 => Self::bf16(weight, Pairs::here()),
            Numbers::F16 => candle_core::bail!("the CPU does not multiply f16: use bf16 or f32"),
        }
    }

    /// Packs W for products of bf16, with the CPU's own instructions where it has them.
    pub(super) fn bf16(weight: &Tensor, native: Option<Pairs>) -> Result<Self> {
        Self::of(weight, Numbers::Bf16, |weight| match native {
            Some(pairs) => Form::Pairs(Packed::new(pairs, weight)),
            None => Form::Rounded(Packed::new(Floats, weight)),
        })
    }

    fn of(
        weight: &Tensor,
        numbers: Numbers,
        form: impl FnOnce(Matrix<'_>) -> Form,
    ) -> Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        let form = with_values(weight, |values| {
            form(Matrix {
                values,
                outputs,
                inputs,
            })
        })?;
        Ok(Self {
            outputs,
            inputs,
            numbers,
            form,
        })
    }

    /// N.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// K.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// What both sides of products are rounded to.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// W as products see it, `[N, K]`, where it lies: rounded to [`Self::numbers`].
    ///
    /// # Errors
    /// The tensor library's.
    pub fn unpack(&self) -> Result<Tensor> {
        let (outputs, inputs) = (self.outputs, self.inputs);
        let weight = match &self.form {
            Form::Single(packed) => packed.unpack(outputs, inputs),
            Form::Pairs(packed) => packed.unpack(outputs, inputs),
            Form::Rounded(packed) => packed.unpack(outputs, inputs),
            Form::Elsewhere(unpacked) => return Ok(unpacked.weight.clone()),
        };
        Tensor::from_vec(weight, (outputs, inputs), &Device::Cpu)
    }

    /// How the weights are held.
    pub(super) fn form(&self) -> &Form {
        &self.form
    }

    /// The weights where they are on another device than the CPU.
    pub(super) fn elsewhere(&self) -> Option<&Unpacked> {
        match &self.form {
            Form::Elsewhere(unpacked) => Some(unpacked),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Panels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Panels({} × {}, {})",
            self.outputs, self.inputs, self.numbers
        )
    }
}

/// W, row by row.
struct Matrix<'a> {
    values: &'a [f32],
    outputs: usize,
    inputs: usize,
}

impl<O: Operands> Packed<O> {
    fn new(operands: O, weight: Matrix<'_>) -> Self {
        let steps = weight.inputs.div_ceil(O::INPUTS);
        let mut rows = vec![O::ZEROS; weight.outputs.div_ceil(WIDTH) * steps];
        let panels = rows.chunks_exact_mut(steps);
        for (panel, weights) in panels.zip(weight.values.chunks(WIDTH * weight.inputs)) {
            for (column, weights) in weights.chunks_exact(weight.inputs).enumerate() {
                for (row, weights) in panel.iter_mut().zip(weights.chunks(O::INPUTS)) {
                    for (place, weight) in weights.iter().enumerate() {
                        O::put(row, column, place, *weight);
                    }
                }
            }
        }
        Self {
            operands,
            steps,
            rows: rows.into(),
        }
    }

    fn unpack(&self, outputs: usize, inputs: usize) -> Vec<f32> {
        let mut weight = Vec::with_capacity(outputs * inputs);
        for output in 0..outputs {
            let (panel, column) = (self.panel(output / WIDTH), output % WIDTH);
            let weights = (0..inputs).map(|k| O::get(&panel[k / O::INPUTS], column, k % O::INPUTS));
            weight.extend(weights);
        }
        weight
    }

    /// The panel of outputs `number · WIDTH ..`, one row for each step.
    pub fn panel(&self, number: usize) -> &[O::Right] {
        &self.rows[number * self.steps..][..self.steps]
    }
}
