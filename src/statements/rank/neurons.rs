//! `rank neurons`: neurons are not stored, so that images go through the model again and moments are gathered as they do.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use crate::analysis::{NeuronLayer, NeuronScores};
use crate::decompose::{Component, Decomposer};
use crate::desk::images::sample::sample;
use crate::desk::models::loaded::LoadedModel;
use crate::desk::models::passes::Passes;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::last_layers;
use crate::desk::tables::wording::how_many;
use crate::desk::texts::embeddings::Texts;
use crate::desk::units::scores::{Asking, Found, Ground, bases, kind};
use crate::desk::{Carried, Desk, DeskError, Planner};
use crate::kernels::Numbers;
use crate::lang::query::{Concept, Score, Unit};
use crate::store::ImageSet;

/// The most images that go through the model for one ranking.
const IMAGES: usize = 500;

/// Images at once.
const BATCH: usize = 8;

/// Whether a ranking is about neurons.
pub(super) fn asked(units: &[Unit]) -> bool {
    let is_neuron = |unit: &Unit| matches!(unit, Unit::Neurons { .. });
    units.iter().any(is_neuron)
}

/// The right to score neurons.
pub(super) struct Neurons {
    units: Vec<Unit>,
    layers: Vec<u16>,
    stored: Arc<Stored>,
    images: Arc<ImageSet>,
    /// Which images scores are taken on.
    keep: Vec<bool>,
    /// Whether the set says which images are apart from those of the fit.
    apart: bool,
    passes: Passes,
    texts: Texts,
    alignment: AlignmentTo,
}

impl Neurons {
    /// Plans to score single neurons.
    ///
    /// # Errors
    /// When they are asked about in a way that needs them stored.
    pub fn plan(
        asking: &Asking<'_>,
        stability: bool,
        stored: &Arc<Stored>,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let layers = layers(asking, stability)?;
        let target = asking.target;
        let keep = planner.scored_images(target, asking.images)?;
        let words = format!(
            "compute: forward passes of {} images of {}, as neurons are not stored",
            how_many(&keep).min(IMAGES),
            target.set
        );
        Ok(Self {
            units: asking.units.to_vec(),
            images: planner.set(&target.set)?,
            apart: planner.split(&target.set)?.is_known(),
            passes: planner.passes(words, &target.model, Numbers::F32),
            texts: planner.concepts(asking.prompt, asking.concepts)?,
            alignment: planner.alignment(stored, &asking.prompt.clip)?,
            stored: stored.clone(),
            layers,
            keep,
        })
    }

    /// The neurons, their scores, and what to say about them.
    ///
    /// # Errors
    /// When there is no such neuron; [`DeskError::Cancelled`].
    pub fn run(
        self,
        concepts: &[Concept],
        score: Score,
        desk: &mut Desk<'_>,
    ) -> Result<(Vec<Unit>, Found, String), DeskError> {
        let bases = bases(&self.texts.embed(desk)?, concepts, score);
        let Carried {
            aligned,
            held_out_cosine,
        } = self.alignment.carried(desk)?;
        let loaded = self.passes.model(desk)?;
        let studied = (self.layers.iter())
            .map(|layer| studied(&loaded.decomposer, &self.stored, *layer))
            .collect::<Result<Vec<_>, _>>()?;
        let singles = singles(&self.units, &self.layers, &studied)?;
        let mut scores = NeuronScores::new(&aligned, &bases, studied);
        let seen = Passing {
            loaded: &loaded,
            layers: &self.layers,
            stored: &self.stored,
            images: &self.images,
        }
        .add_to(&mut scores, &sample(&self.keep, IMAGES), desk)?;
        let by_layer = scores.scores(kind(score))?;
        let of_single = |&(unit, layer, neuron): &(Unit, usize, usize)| {
            let scores: &Vec<f64> = &by_layer[layer][neuron];
            (unit, scores.clone())
        };
        let (units, scores): (Vec<_>, Vec<_>) = singles.iter().map(of_single).unzip();
        let among = how_many(&self.keep);
        let note = match seen < among {
            true => format!(
                "neurons are not stored: a forward pass each over {seen} of {among} images, evenly spread"
            ),
            false => format!("neurons are not stored: a forward pass each over {seen} images"),
        };
        let ground = Ground {
            images: seen as u64,
            apart: self.apart,
            held_out_cosine,
        };
        let found = Found {
            scores,
            ground,
            warm: false,
        };
        Ok((units, found, note))
    }
}

/// Images on their way through a model.
struct Passing<'a> {
    loaded: &'a LoadedModel,
    layers: &'a [u16],
    stored: &'a Stored,
    images: &'a ImageSet,
}

impl Passing<'_> {
    /// Adds the neurons of the images `ids` to scores; gives how many could be read.
    fn add_to(
        &self,
        scores: &mut NeuronScores,
        ids: &[usize],
        desk: &Desk<'_>,
    ) -> Result<usize, DeskError> {
        let decomposer = &self.loaded.decomposer;
        let reduced = last_layers::of_stored(decomposer, self.stored.specs())?;
        let preprocess = &self.loaded.checkpoint.preprocess;
        let (height, width) = preprocess
            .output()
            .expect("checked when the checkpoint was opened");
        let what = format!("looking at neurons of {}", self.stored.model());
        desk.progress.start(&what, ids.len() as u64);
        let mut seen = 0;
        for (done, ids) in ids.chunks(BATCH).enumerate() {
            desk.cancel.check()?;
            // An image that can't be read was reported by `decompose`.
            let pictures: Vec<_> = (ids.iter())
                .filter_map(|id| self.images.decode(*id).ok())
                .collect();
            let pixels = pictures.iter().flat_map(|image| preprocess.apply(image));
            let shape = (pictures.len(), 3, height, width);
            let pixels = Tensor::from_vec(pixels.collect(), shape, &Device::Cpu)?;
            if !pictures.is_empty() {
                let (mut rows, neurons) =
                    decomposer.rows_and_neurons(&pixels, vec![0; pictures.len()], desk.cancel)?;
                if let Some(last) = &reduced {
                    rows = last.rows(rows)?;
                }
                scores.add(&rows, &of_layers(&neurons, self.layers)?);
            }
            seen += pictures.len();
            desk.progress.advance((done * BATCH + ids.len()) as u64);
        }
        desk.progress.finish();
        Ok(seen)
    }
}

/// The layers whose neurons are asked about, each once.
fn layers(asking: &Asking<'_>, stability: bool) -> Result<Vec<u16>, DeskError> {
    let mut layers = Vec::new();
    for unit in asking.units {
        let Unit::Neurons { layer, .. } = unit else {
            return Err(DeskError::refused(
                format!("neurons and {unit} can't be ranked together, as only {unit} is stored"),
                "rank neurons in a statement of their own",
            ));
        };
        if !layers.contains(layer) {
            layers.push(*layer);
        }
    }
    if stability {
        return Err(DeskError::refused(
            "how steady the ranking of neurons is isn't computed, as they are not stored",
            "leave out `with stability`, or rank mlps with it",
        ));
    }
    if asking.score == Score::Spearman {
        return Err(DeskError::refused(
            "neurons aren't scored by spearman, which needs every image's values at once",
            "leave out `by spearman`",
        ));
    }
    Ok(layers)
}

/// The MLP of a layer, as scores need it.
fn studied(decomposer: &Decomposer, stored: &Stored, layer: u16) -> Result<NeuronLayer, DeskError> {
    let mlp = Component::mlp(layer.into());
    let place = (stored.specs().iter()).position(|spec| spec.component == mlp);
    let (Some(component), Some(out)) = (place, decomposer.mlp_out(layer.into())) else {
        return Err(DeskError::refused(
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
) -> Result<Vec<(Unit, usize, usize)>, DeskError> {
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
            return Err(DeskError::refused(
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
fn of_layers(neurons: &[(usize, Tensor)], layers: &[u16]) -> Result<Vec<Vec<f32>>, DeskError> {
    let own = |layer: &u16| {
        let found = neurons.iter().find(|(own, _)| *own == usize::from(*layer));
        let (_, activations) = found.expect("every MLP has neurons");
        Ok(activations.flatten_all()?.to_vec1()?)
    };
    layers.iter().map(own).collect()
}
