//! A model made ready to be decomposed: maps folded once, rows pooled per batch.
//!
//! Pixels come from the CPU and all that is given is there again, wherever the model is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::{DType, Device, Result, Tensor};

use super::layers::Linear;
use super::readout::{self, Maps, Pooled};
use super::trace::{Detail, Reads, Recording, Signal, Trace};
use super::{Component, ComponentKind, Located, RowSpec, Rows, TokenTerms};
use crate::work::cancel::Cancel;

/// A vision model whose representation can be decomposed: one forward function, written against [`Trace`].
pub trait Model: Send + Sync {
    /// Height and width of the images it takes.
    fn image_size(&self) -> (usize, usize);
    /// The tokens its representation is read from.
    fn reads(&self) -> Reads;
    /// How many tokens stand before those of the image: class token, distillation token, registers.
    fn special_tokens(&self) -> usize {
        0
    }
    /// Where its weights are, and pixels have to be.
    fn device(&self) -> Device {
        Device::Cpu
    }
    /// From normalised pixels `[B, 3, H, W]` to the representation, a signal `[B, 1, Dz]`.
    fn forward(&self, pixels: &Tensor, trace: &mut Trace) -> Result<Signal>;
}

/// Decomposes the representations of one model.
pub struct Decomposer {
    model: Arc<dyn Model>,
    maps: Maps,
    /// The second layer of every MLP.
    mlps: Vec<(usize, Linear)>,
}

/// Held while another device than the CPU is at work: one batch at a time, as all of the device works on each, and its
/// memory is small.
static TURN: Mutex<()> = Mutex::new(());

impl Decomposer {
    /// Folds the model's maps. Costs one forward pass of a blank image.
    pub fn new(model: Arc<dyn Model>) -> Result<Self> {
        let recording = record(&*model, &blank(&*model)?, Detail::default())?;
        let maps = Maps::fold(&recording)?;
        Ok(Self {
            model,
            maps,
            mlps: recording.mlps(),
        })
    }

    /// The turn of this thread, if the model's device is for one at a time.
    pub(super) fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        let is_shared = !self.is_on_cpu();
        is_shared.then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the model runs on the CPU.
    #[must_use]
    pub fn is_on_cpu(&self) -> bool {
        self.model.device().is_cpu()
    }

    /// The components, in canonical order, and how wide their rows are.
    #[must_use]
    pub fn specs(&self) -> &[RowSpec] {
        &self.maps.specs
    }

    /// The components' maps, `[d, Dz]` each.
    #[must_use]
    pub fn maps(&self) -> &[Tensor] {
        &self.maps.maps
    }

    /// Width of the representation, `Dz`.
    pub fn dim(&self) -> Result<usize> {
        self.maps.maps[0].dim(1)
    }

    /// The representations `[B, Dz]` of normalised pixels `[B, 3, H, W]`, nothing recorded.
    pub fn represent(&self, pixels: &Tensor) -> Result<Tensor> {
        let _turn = self.turn();
        let mut trace = Trace::off(self.model.reads());
        on_workers(|| {
            let pixels = pixels.to_device(&self.model.device())?;
            let z = self.model.forward(&pixels, &mut trace)?.value()?;
            z.squeeze(1)?.to_device(&Device::Cpu)
        })
    }

    /// The pooled rows of every component for normalised pixels `[B, 3, H, W]`; `ids` name the images.
    pub fn rows(&self, pixels: &Tensor, ids: Vec<u32>) -> Result<Rows> {
        self.rows_until(pixels, ids, &Cancel::default())
    }

    /// As [`Self::rows`], but gives up with an error soon after a stop is asked for.
    pub fn rows_until(&self, pixels: &Tensor, ids: Vec<u32>, cancel: &Cancel) -> Result<Rows> {
        let _turn = self.turn();
        let trace = Trace::recording(self.model.reads(), Detail::default()).until(cancel);
        let recording = run(&*self.model, pixels, trace)?;
        let pooled = readout::pool(&recording)?;
        collect(&self.maps, &pooled, &recording.representation, ids)
    }

    /// The heads split over source tokens, layer by layer.
    pub fn tokens(&self, pixels: &Tensor) -> Result<Vec<TokenTerms>> {
        Ok(self.located(pixels)?.heads)
    }

    /// Every component split over tokens. Summed over tokens, they are the components; the bias alone has no place.
    pub fn located(&self, pixels: &Tensor) -> Result<Located> {
        let detail = Detail {
            tokens: true,
            ..Detail::default()
        };
        let _turn = self.turn();
        let pooled = readout::pool(&record(&*self.model, pixels, detail)?)?;
        let mut heads = pooled.tokens;
        heads.sort_by_key(|terms| terms.layer);
        let own = pooled.own;
        Located { heads, own }.on_cpu()
    }

    /// Height and width of the images the model takes.
    #[must_use]
    pub fn image_size(&self) -> (usize, usize) {
        self.model.image_size()
    }

    /// How many tokens stand before those of the image.
    #[must_use]
    pub fn special_tokens(&self) -> usize {
        self.model.special_tokens()
    }

    /// The MLPs split over neurons: per layer, each neuron's pooled activations `[B, terms, M]`.
    pub fn neurons(&self, pixels: &Tensor) -> Result<Vec<(usize, Tensor)>> {
        let detail = Detail {
            neurons: true,
            ..Detail::default()
        };
        let _turn = self.turn();
        let mut rows = readout::pool(&record(&*self.model, pixels, detail)?)?.neurons;
        rows.sort_by_key(|(layer, _)| *layer);
        Ok(rows)
    }

    /// What [`Self::rows`] and [`Self::neurons`] give, from one forward pass; gives up as [`Self::rows_until`] does.
    pub fn rows_and_neurons(
        &self,
        pixels: &Tensor,
        ids: Vec<u32>,
        cancel: &Cancel,
    ) -> Result<(Rows, Vec<(usize, Tensor)>)> {
        let detail = Detail {
            neurons: true,
            ..Detail::default()
        };
        let _turn = self.turn();
        let trace = Trace::recording(self.model.reads(), detail).until(cancel);
        let recording = run(&*self.model, pixels, trace)?;
        let pooled = readout::pool(&recording)?;
        let rows = collect(&self.maps, &pooled, &recording.representation, ids)?;
        Ok((rows, pooled.neurons))
    }

    /// How many neurons each MLP has, by layer.
    pub fn neuron_counts(&self) -> Result<Vec<u32>> {
        let mut counts = Vec::new();
        for (layer, out) in &self.mlps {
            counts.push((*layer, out.inputs() as u32));
        }
        counts.sort_unstable();
        Ok(counts.into_iter().map(|(_, count)| count).collect())
    }

    /// The second layer of the MLP of `layer`: W `[D, M]` brings its neurons' activations to its output.
    #[must_use]
    pub fn mlp_out(&self, layer: usize) -> Option<&Linear> {
        let found = self.mlps.iter().find(|(mlp, _)| *mlp == layer);
        found.map(|(_, out)| out)
    }

    /// The row of the MLP of `layer` that its neurons' pooled activations `[B, terms, M]` sum to, `[B, terms·D]`:
    /// each neuron through its own column of the second layer.
    pub fn neurons_to_row(&self, layer: usize, neurons: &Tensor) -> Result<Tensor> {
        let Some(out) = self.mlp_out(layer) else {
            candle_core::bail!("the model has no MLP {layer}");
        };
        // Each activation was rounded where the layer rounds; their pooled sum is not to be once more.
        let neurons = neurons.to_device(&self.model.device())?;
        let row = out.in_f32()?.product(&neurons)?.flatten_from(1)?;
        row.to_device(&Device::Cpu)
    }

    pub(super) fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// A blank image, `[1, 3, H, W]`: enough to record what is the same for all images.
    pub(super) fn blank(&self) -> Result<Tensor> {
        blank(&*self.model)
    }
}

fn blank(model: &dyn Model) -> Result<Tensor> {
    let (height, width) = model.image_size();
    Tensor::zeros((1, 3, height, width), DType::F32, &Device::Cpu)
}

/// Brings pooled tensors into the order and layout of [`Rows`].
pub(super) fn collect(maps: &Maps, pooled: &Pooled, z: &Tensor, ids: Vec<u32>) -> Result<Rows> {
    let slabs = maps
        .specs
        .iter()
        .map(|spec| slab(pooled, spec))
        .collect::<Result<Vec<_>>>()?;
    Ok(Rows {
        ids,
        z: z.flatten_all()?.to_vec1()?,
        slabs,
    })
}

pub(super) fn slab(pooled: &Pooled, spec: &RowSpec) -> Result<Vec<f32>> {
    let Component { kind, layer, head } = spec.component;
    if kind == ComponentKind::Bias {
        return Tensor::stack(&pooled.constants, 1)?
            .flatten_all()?
            .to_vec1();
    }
    let key = Component {
        kind,
        layer,
        head: 0,
    };
    let Some((_, rows)) = pooled.rows.iter().find(|(component, _)| *component == key) else {
        candle_core::bail!("the forward pass recorded no {key}");
    };
    if kind != ComponentKind::Head {
        return rows.flatten_all()?.to_vec1();
    }
    let width = spec.width / rows.dim(1)?;
    rows.narrow(2, usize::from(head) * width, width)?
        .flatten_all()?
        .to_vec1()
}

/// Runs the model once, recording.
pub(super) fn record(model: &dyn Model, pixels: &Tensor, detail: Detail) -> Result<Recording> {
    run(model, pixels, Trace::recording(model.reads(), detail))
}

fn run(model: &dyn Model, pixels: &Tensor, mut trace: Trace) -> Result<Recording> {
    on_workers(|| {
        let pixels = pixels.to_device(&model.device())?;
        let z = model.forward(&pixels, &mut trace)?;
        trace.finish(z)
    })
}

/// Runs `work` on a thread of the pool it is called from, or of the global one: called from elsewhere, every kernel would
/// hand its work over and wait.
fn on_workers<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}
