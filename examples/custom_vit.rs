//! A vision transformer of one's own, decomposed, checked and ranked: all that has to be written is its forward pass.
//!
//! The model below is not among those vitscope knows: its blocks run attention and MLP side by side on the same input
//! (as ViT-22B does, arXiv 2302.05442) and it averages its patches. Its weights are random; what matters is that the
//! forward pass is written against `Trace`, with the components tagged where they are made.
//!
//! ```sh
//! cargo run --release --example custom_vit
//! ```

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Result, Tensor};
use vitscope::align::{self, Aligned, FitOptions, InMemoryTargets};
use vitscope::analysis::{ScoreKind, TextBasis, gather_moments, score_from_moments};
use vitscope::contributions::{InMemory, every_image};
use vitscope::decompose::{
    Attention, Decomposer, Identities, Linear, Mlp, Model, Reads, Signal, Trace,
};
use vitscope::kernels::{Activation, LayerNorm};
use vitscope::store::Store;
use vitscope::text::TextEncoder;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

const WIDTH: usize = 64;
const HEADS: usize = 4;
const PATCH: usize = 8;
const SIDE: usize = 64;
const IMAGES: usize = 256;

/// The model: patches, parallel blocks, a norm, the mean.
struct ParallelVit {
    patch: Linear,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

struct Block {
    norm: LayerNorm,
    attention: Attention,
    mlp: Mlp,
}

impl Model for ParallelVit {
    fn image_size(&self) -> (usize, usize) {
        (SIDE, SIDE)
    }

    fn reads(&self) -> Reads {
        Reads::All
    }

    fn forward(&self, pixels: &Tensor, trace: &mut Trace) -> Result<Signal> {
        let side = SIDE / PATCH;
        let patches = pixels
            .reshape(&[pixels.dim(0)?, 3, side, PATCH, side, PATCH][..])?
            .permute(vec![0, 2, 4, 1, 3, 5])?
            .reshape((pixels.dim(0)?, side * side, 3 * PATCH * PATCH))?;
        let mut x = trace.embedded(self.patch.forward(&patches)?)?;
        for (layer, block) in self.blocks.iter().enumerate() {
            let normed = trace.layer_norm(&x, &block.norm)?;
            let heads = trace.attention(&normed, &block.attention, layer, false)?;
            let mlp = trace.mlp(&normed, &block.mlp, layer)?;
            x = trace.add(x, &heads)?;
            x = trace.add(x, &mlp)?;
        }
        let x = trace.layer_norm(&x, &self.norm)?;
        trace.pool(&x, &vec![1.0 / (side * side) as f32; side * side])
    }
}

impl ParallelVit {
    /// With three blocks and weights drawn at random.
    fn random() -> Result<Self> {
        Ok(Self {
            patch: linear(WIDTH, 3 * PATCH * PATCH)?,
            blocks: (0..3).map(|_| Block::random()).collect::<Result<_>>()?,
            norm: norm()?,
        })
    }
}

impl Block {
    fn random() -> Result<Self> {
        Ok(Self {
            norm: norm()?,
            attention: Attention {
                qkv: linear(3 * WIDTH, WIDTH)?,
                out: linear(WIDTH, WIDTH)?,
                heads: HEADS,
                groups: None,
            },
            mlp: Mlp {
                up: linear(4 * WIDTH, WIDTH)?,
                activation: Activation::Gelu,
                out: linear(WIDTH, 4 * WIDTH)?,
            },
        })
    }
}

fn linear(out: usize, into: usize) -> Result<Linear> {
    let weight = Tensor::randn(0f32, (1.0 / into as f32).sqrt(), (out, into), &Device::Cpu)?;
    let bias = Tensor::randn(0f32, 0.1, out, &Device::Cpu)?;
    Linear::new(&weight, Some(bias))
}

fn norm() -> Result<LayerNorm> {
    let weight = Tensor::ones(WIDTH, candle_core::DType::F32, &Device::Cpu)?;
    Ok(LayerNorm {
        bias: weight.zeros_like()?,
        weight,
        eps: 1e-6,
    })
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let clip = Checkpoint::open(&demo.join("models/clip"))?;
    let pixels = pixels(&demo, &clip)?;

    // Decomposed and checked, with nothing written but the forward pass.
    let model = Decomposer::new(Arc::new(ParallelVit::random()?))?;
    let mut identities = Identities::default();
    identities.check(&model, &pixels.narrow(0, 0, 8)?)?;
    for identity in identities.each() {
        println!(
            "{} sum to {}: off by {:.1e}",
            identity.parts, identity.whole, identity.worst
        );
    }

    // Aligned to CLIP's embeddings of the same images.
    let ids: Vec<u32> = (0..IMAGES as u32).collect();
    let rows = model.rows(&pixels, ids.clone())?;
    let maps = model.maps().iter().map(|map| map.flatten_all()?.to_vec1());
    let maps = maps.collect::<Result<_>>()?;
    let contributions = InMemory::new(model.specs().to_vec(), maps, model.dim()?, vec![rows])?;
    let clip_model = Decomposer::new(clip.model()?)?;
    let embeddings = clip_model.represent(&pixels)?;
    let width = embeddings.dim(1)?;
    let targets = InMemoryTargets::new(&ids, embeddings.flatten_all()?.to_vec1()?, width);
    let options = FitOptions {
        epochs: Some(60),
        ..FitOptions::default()
    };
    let (cancel, silent) = (Cancel::default(), Silent);
    let fitted = align::fit(
        &contributions,
        &targets,
        &every_image,
        &options,
        &cancel,
        &silent,
    )?;
    let report = fitted.report.as_ref().expect("a fit reports");
    println!("held-out cosine with CLIP: {:.2}", report.held_out_cosine);

    // Ranked for a feature given in words.
    let texts = ["the beach", "the forest", "the snow", "the city"].map(str::to_owned);
    let texts = TextEncoder::open(&clip.folder)?.embed(&texts, &cancel)?;
    let basis = TextBasis::in_list_order(&texts.concat(), width);
    let aligned = Aligned::new(&contributions, &fitted);
    let moments = gather_moments(&contributions, &aligned, &every_image, &cancel, &silent)?;
    let scores = score_from_moments(&moments, &aligned, &basis, ScoreKind::Correlation)?;
    let mut ranked: Vec<_> = model.specs().iter().zip(scores).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (spec, score) in ranked.iter().take(5) {
        println!("{:<10} {score:.3}", spec.component.to_string());
    }
    Ok(())
}

/// The first scenes of the demo, as CLIP's preprocessing has them, `[IMAGES, 3, SIDE, SIDE]`.
fn pixels(demo: &Path, clip: &Checkpoint) -> std::result::Result<Tensor, Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("vitscope-custom-vit-{}", std::process::id()));
    let store = Store::open(&folder)?;
    let scenes = demo.join("scenes.parquet");
    store.add_images("scenes", &scenes, None, &Cancel::default(), &Silent)?;
    let set = store.set("scenes")?;
    let mut values = Vec::new();
    for row in 0..IMAGES {
        values.extend(clip.preprocess.apply(&set.decode(row)?));
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(Tensor::from_vec(
        values,
        (IMAGES, 3, SIDE, SIDE),
        &Device::Cpu,
    )?)
}
