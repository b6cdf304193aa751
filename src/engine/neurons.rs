//! `rank neurons`: neurons are not stored, so that images go through the model again and moments are gathered as they do.

use candle_core::{Device, Tensor};

use super::rank::{TargetScores, how_many, kind, scored};
use super::via::sample;
use super::{Desk, EngineError, last};
use crate::analysis::{NeuronLayer, NeuronScores};
use crate::contributions::Contributions;
use crate::decompose::{Component, Decomposer};
use crate::lang::query::{Question, Score, Target, Unit};

/// The most images that go through the model for one ranking.
pub(super) const IMAGES: usize = 500;

/// Images at once.
const BATCH: usize = 8;

/// Whether a ranking is about neurons.
pub(super) fn asked(target: &Target) -> bool {
    let is_neuron = |unit: &Unit| matches!(unit, Unit::Neurons { .. });
    target.units.iter().any(is_neuron)
}

impl Desk<'_> {
    /// The scores of single neurons, and what to say about them.
    ///
    /// # Errors
    /// When they are asked about in a way that needs them stored.
    pub(super) fn neuron_scores(
        &mut self,
        question: &Question,
        target: &Target,
    ) -> Result<(TargetScores, String), EngineError> {
        let layers = layers(question, target)?;
        let stored = self.stored(&target.model, &target.set)?;
        let (bases, _) = self.bases(question, target)?;
        let (aligned, ground) = self.grounded(target, &stored)?;
        let loaded = self.library.model(self.store, &target.model)?;
        let decomposer = &loaded.decomposer;
        let studied = layers
            .iter()
            .map(|layer| studied(decomposer, &stored, *layer))
            .collect::<Result<Vec<_>, _>>()?;
        let singles = singles(&target.units, &layers, &studied)?;
        let keep = self.images(target, question.images.as_ref())?;
        let among = how_many(&keep);
        let chosen = sample(&keep, IMAGES);
        let mut scores = NeuronScores::new(&aligned, &bases, studied);
        let reduced = last::of_stored(decomposer, stored.specs())?;
        let images = self.set(&target.set)?;
        let preprocess = &loaded.checkpoint.preprocess;
        let (height, width) = preprocess
            .output()
            .expect("checked when the checkpoint was opened");
        let what = format!("looking at neurons of {}", target.model);
        self.progress.start(&what, chosen.len() as u64);
        let mut seen = 0;
        for (done, ids) in chosen.chunks(BATCH).enumerate() {
            self.cancel.check()?;
            // An image that can't be read was reported by `decompose`.
            let pictures: Vec<_> = (ids.iter())
                .filter_map(|id| images.decode(*id).ok())
                .collect();
            let pixels = pictures.iter().flat_map(|image| preprocess.apply(image));
            let shape = (pictures.len(), 3, height, width);
            let pixels = Tensor::from_vec(pixels.collect(), shape, &Device::Cpu)?;
            if !pictures.is_empty() {
                let (mut rows, neurons) =
                    decomposer.rows_and_neurons(&pixels, vec![0; pictures.len()], self.cancel)?;
                if let Some(last) = &reduced {
                    rows = last.rows(rows)?;
                }
                scores.add(&rows, &of_layers(&neurons, &layers)?);
            }
            seen += pictures.len();
            self.progress.advance((done * BATCH + ids.len()) as u64);
        }
        self.progress.finish();
        let by_layer = scores.scores(kind(question.score))?;
        let of_single = |&(unit, layer, neuron): &(Unit, usize, usize)| {
            let scores: &Vec<f64> = &by_layer[layer][neuron];
            (unit, scores.clone())
        };
        let (units, scores): (Vec<_>, Vec<_>) = singles.iter().map(of_single).unzip();
        let columns = scored(question, target, &units, &scores);
        let note = match seen < among {
            true => format!(
                "neurons are not stored: a forward pass each over {seen} of {among} images, evenly spread"
            ),
            false => format!("neurons are not stored: a forward pass each over {seen} images"),
        };
        let scores = TargetScores {
            columns,
            images: seen as u64,
            ground,
            cached: false,
        };
        Ok((scores, note))
    }
}

/// The layers whose neurons are asked about, each once.
fn layers(question: &Question, target: &Target) -> Result<Vec<u16>, EngineError> {
    let mut layers = Vec::new();
    for unit in &target.units {
        let Unit::Neurons { layer, .. } = unit else {
            return Err(EngineError::refused(
                format!("neurons and {unit} can't be ranked together, as only {unit} is stored"),
                "rank neurons in a statement of their own",
            ));
        };
        if !layers.contains(layer) {
            layers.push(*layer);
        }
    }
    if question.stability {
        return Err(EngineError::refused(
            "how steady the ranking of neurons is isn't computed, as they are not stored",
            "leave out `with stability`, or rank mlps with it",
        ));
    }
    if question.score == Score::Spearman {
        return Err(EngineError::refused(
            "neurons aren't scored by spearman, which needs every image's values at once",
            "leave out `by spearman`",
        ));
    }
    Ok(layers)
}

/// The MLP of a layer, as scores need it.
fn studied(
    decomposer: &Decomposer,
    stored: &dyn Contributions,
    layer: u16,
) -> Result<NeuronLayer, EngineError> {
    let mlp = Component::mlp(layer.into());
    let place = (stored.specs().iter()).position(|spec| spec.component == mlp);
    let (Some(component), Some(out)) = (place, decomposer.mlp_out(layer.into())) else {
        return Err(EngineError::refused(
            format!("{mlp} is not stored with this decomposition"),
            "`describe MODEL` lists what is",
        ));
    };
    Ok(NeuronLayer {
        component,
        neurons: out.inputs(),
        out: out.weight()?.flatten_all()?.to_vec1()?,
    })
}

/// Every neuron asked about on its own: the unit, and where its layer and itself stand in the scores.
fn singles(
    units: &[Unit],
    layers: &[u16],
    studied: &[NeuronLayer],
) -> Result<Vec<(Unit, usize, usize)>, EngineError> {
    let mut singles = Vec::new();
    for unit in units {
        let Unit::Neurons { layer, range } = *unit else {
            continue;
        };
        let Some(at) = layers.iter().position(|own| *own == layer) else {
            continue;
        };
        let count = studied[at].neurons as u32;
        let (first, end) =
            range.map_or((0, count), |(first, last)| (first, last.saturating_add(1)));
        if range.is_some_and(|(_, last)| last >= count && last != u32::MAX - 1) || first >= count {
            return Err(EngineError::refused(
                format!("there is no {unit}: MLP {layer} has {count} neurons"),
                format!("they are numbered {layer}.0 to {layer}.{}", count - 1),
            ));
        }
        for neuron in first..end.min(count) {
            let range = Some((neuron, neuron));
            singles.push((Unit::Neurons { layer, range }, at, neuron as usize));
        }
    }
    Ok(singles)
}

/// The activations `[B, S, M]` of these layers.
fn of_layers(neurons: &[(usize, Tensor)], layers: &[u16]) -> Result<Vec<Vec<f32>>, EngineError> {
    let own = |layer: &u16| {
        let found = neurons.iter().find(|(own, _)| *own == usize::from(*layer));
        let (_, activations) = found.expect("every MLP has neurons");
        Ok(activations.flatten_all()?.to_vec1()?)
    };
    layers.iter().map(own).collect()
}
