//! Whether contributions really sum to what they are said to sum to, at every granularity.

use candle_core::{Device, Result, Tensor};

use super::{Component, Decomposer, Rows};

/// Relative errors up to this are what rounding in f32 makes.
pub const EXACT: f64 = 1e-5;

/// A sum, what it should equal, and the largest relative error ‖Σ parts − whole‖ / ‖whole‖ found.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// What is summed.
    pub parts: &'static str,
    /// What the sum should be.
    pub whole: &'static str,
    /// The largest relative error so far.
    pub worst: f64,
}

impl Identity {
    fn new(parts: &'static str, whole: &'static str) -> Self {
        Self {
            parts,
            whole,
            worst: 0.0,
        }
    }

    /// Compares the rows of `sum` with those of `whole`, `[B, ..]` each.
    fn compare(&mut self, sum: &Tensor, whole: &Tensor) -> Result<()> {
        let difference = (sum - whole)?.sqr()?.sum(1)?.sqrt()?.to_vec1::<f32>()?;
        let norm = whole.sqr()?.sum(1)?.sqrt()?.to_vec1::<f32>()?;
        for (difference, norm) in difference.iter().zip(&norm) {
            // A whole of zero has parts that cancel: there the error itself counts.
            let scale = if *norm > 0.0 { *norm } else { 1.0 };
            self.worst = self.worst.max(f64::from(difference / scale));
        }
        Ok(())
    }
}

/// The identities a decomposition lives by, and how well they were kept so far.
#[derive(Clone, Debug)]
pub struct Identities([Identity; 3]);

impl Default for Identities {
    fn default() -> Self {
        Self([
            Identity::new("all components", "representation"),
            Identity::new("tokens", "head"),
            Identity::new("neurons", "mlp"),
        ])
    }
}

impl Identities {
    /// Each identity.
    #[must_use]
    pub fn each(&self) -> &[Identity] {
        &self.0
    }

    /// The largest relative error of all.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.0
            .iter()
            .map(|identity| identity.worst)
            .fold(0.0, f64::max)
    }

    /// Checks them on a batch of normalised pixels `[B, 3, H, W]`.
    ///
    /// # Errors
    /// When the model can't be run on them.
    pub fn check(&mut self, decomposer: &Decomposer, pixels: &Tensor) -> Result<()> {
        let slabs = Slabs::of(decomposer, pixels)?;
        self.check_sum(&slabs)?;
        self.check_split(&slabs, pixels)
    }

    /// As [`Self::check`], where `rounding` does not multiply f32: its components, and tokens and neurons of `exact`, as
    /// questions about these have them.
    ///
    /// # Errors
    /// When a model can't be run on them.
    pub fn check_rounding(
        &mut self,
        rounding: &Decomposer,
        exact: &Decomposer,
        pixels: &Tensor,
    ) -> Result<()> {
        self.check_sum(&Slabs::of(rounding, pixels)?)?;
        self.check_split(&Slabs::of(exact, pixels)?, pixels)
    }

    fn check_sum(&mut self, slabs: &Slabs<'_>) -> Result<()> {
        self.0[0].compare(&slabs.sum()?, &slabs.representation()?)
    }

    fn check_split(&mut self, slabs: &Slabs<'_>, pixels: &Tensor) -> Result<()> {
        let decomposer = slabs.decomposer;
        let [_, tokens, neurons] = &mut self.0;
        for terms in decomposer.tokens(pixels)? {
            // Σ_t weights[s, h, t] · values[h, t], slots side by side, is the head's row.
            let (batch, _, heads, _) = terms.weights.dims4()?;
            let weights = terms.weights.transpose(1, 2)?.contiguous()?;
            let summed = weights.matmul(&terms.values.contiguous()?)?;
            for head in 0..heads {
                let row = summed.narrow(1, head, 1)?.reshape((batch, ()))?;
                tokens.compare(&row, &slabs.row(Component::head(terms.layer, head))?)?;
            }
        }
        for (layer, activations) in decomposer.neurons(pixels)? {
            let sum = decomposer.neurons_to_row(layer, &activations)?;
            neurons.compare(&sum, &slabs.row(Component::mlp(layer))?)?;
        }
        Ok(())
    }
}

/// Pooled rows as tensors again.
struct Slabs<'a> {
    rows: Rows,
    decomposer: &'a Decomposer,
}

impl<'a> Slabs<'a> {
    fn of(decomposer: &'a Decomposer, pixels: &Tensor) -> Result<Self> {
        let ids = (0..pixels.dim(0)? as u32).collect();
        let rows = decomposer.rows(pixels, ids)?;
        Ok(Self { rows, decomposer })
    }

    fn row(&self, component: Component) -> Result<Tensor> {
        let specs = self.decomposer.specs();
        match specs.iter().position(|spec| spec.component == component) {
            Some(index) => self.at(index),
            None => candle_core::bail!("the model has no {component}"),
        }
    }

    fn at(&self, index: usize) -> Result<Tensor> {
        let width = self.decomposer.specs()[index].width;
        Tensor::from_slice(
            &self.rows.slabs[index],
            (self.rows.len(), width),
            &Device::Cpu,
        )
    }

    fn sum(&self) -> Result<Tensor> {
        let mut sum = self.representation()?.zeros_like()?;
        for (index, map) in self.decomposer.maps().iter().enumerate() {
            sum = (sum + self.at(index)?.matmul(map)?)?;
        }
        Ok(sum)
    }

    fn representation(&self) -> Result<Tensor> {
        Tensor::from_slice(
            &self.rows.z,
            (self.rows.len(), self.decomposer.dim()?),
            &Device::Cpu,
        )
    }
}
