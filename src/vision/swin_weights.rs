//! A Swin Transformer's tensors under one naming, timm's or transformers'.

use candle_core::Tensor;

use crate::vision::config::{SwinConfig, SwinDialect};
use crate::vision::error::CheckpointError;
use crate::vision::layer_weights::{Linear, Norm};
use crate::vision::weights::Weights;
pub use crate::vision::windowed::WindowedBlockWeights;
use crate::vision::windowed::{BlockNames, BlockSizes};

/// What leads into a stage after the first: 2 × 2 tokens side by side, normalised and brought to the stage's width.
#[derive(Clone, Debug)]
pub struct MergeWeights {
    /// Over the 4D joined channels of the stage before.
    pub norm: Norm,
    /// `[D', 4D]`; there is no bias.
    pub reduction: Tensor,
}

/// One stage.
#[derive(Clone, Debug)]
pub struct StageWeights {
    /// In all stages but the first.
    pub merge: Option<MergeWeights>,
    /// Its blocks.
    pub blocks: Vec<WindowedBlockWeights>,
}

/// All tensors of a Swin Transformer, in f32, of the shapes that its [`SwinConfig`] asks for.
#[derive(Clone, Debug)]
pub struct SwinWeights {
    /// Patch embedding: `[D, 3·p·p]`, channels outermost, then rows, then columns; bias `[D]`.
    pub patch: Linear,
    /// The norm after it.
    pub patch_norm: Norm,
    /// The stages.
    pub stages: Vec<StageWeights>,
    /// The final norm.
    pub norm: Norm,
}

impl SwinWeights {
    /// Takes them from `weights`, and makes sure that nothing is missing, superfluous or misshapen. The classifier may
    /// be there and is left.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] lists everything that doesn't fit `config`.
    pub fn take(config: &SwinConfig, mut weights: Weights) -> Result<Self, CheckpointError> {
        if config.dialect == SwinDialect::Transformers {
            weights.rename(on_disk);
        }
        let names = Names::of(config, &weights);
        let (last, stages) = (config.widths.len() - 1, 0..config.widths.len());
        let (patch, patch_norm, norm) = match config.dialect {
            SwinDialect::Timm => ("patch_embed.proj", "patch_embed.norm", "norm"),
            SwinDialect::Transformers => (
                "embeddings.patch_embeddings.projection",
                "embeddings.norm",
                "layernorm",
            ),
        };
        let named = |name: &str| format!("{}{name}", names.prefix);
        let kernel = [config.widths[0], 3, config.patch.0, config.patch.1];
        let taken = Self {
            patch: Linear::take_flat(&mut weights, &named(patch), kernel)?,
            patch_norm: Norm::take(&mut weights, &named(patch_norm), config.widths[0])?,
            stages: stages
                .map(|stage| names.stage(config, stage, &mut weights))
                .collect::<Result<_, _>>()?,
            norm: Norm::take(&mut weights, &named(norm), config.widths[last])?,
        };
        match config.dialect {
            SwinDialect::Timm => weights.ignore("head."),
            SwinDialect::Transformers => weights.ignore("classifier."),
        }
        weights.finish(&config.reason())?;
        Ok(taken)
    }
}

/// transformers 5 calls tensors otherwise in memory than in the folders it saves; the name in a folder, where they differ.
fn on_disk(name: &str) -> Option<String> {
    let parts = [
        ("attention.q_proj.", "attention.self.query."),
        ("attention.k_proj.", "attention.self.key."),
        ("attention.v_proj.", "attention.self.value."),
        ("attention.o_proj.", "attention.output.dense."),
        ("attention.relative_position_bias.", "attention.self."),
        ("mlp.fc1.", "intermediate.dense."),
        ("mlp.fc2.", "output.dense."),
    ];
    let (memory, disk) = parts
        .into_iter()
        .find(|(memory, _)| name.contains(memory))?;
    Some(name.replacen(memory, disk, 1))
}

/// What a dialect calls its tensors.
struct Names {
    dialect: SwinDialect,
    /// Before every name: `swin.` when transformers saved a classifier along.
    prefix: &'static str,
}

impl Names {
    fn of(config: &SwinConfig, weights: &Weights) -> Self {
        let dialect = config.dialect;
        let with_head = weights.contains("swin.embeddings.patch_embeddings.projection.weight");
        let prefix = match dialect {
            SwinDialect::Transformers if with_head => "swin.",
            _ => "",
        };
        Self { dialect, prefix }
    }

    fn stage(
        &self,
        config: &SwinConfig,
        stage: usize,
        weights: &mut Weights,
    ) -> Result<StageWeights, CheckpointError> {
        let merge = (stage > 0).then(|| {
            let name = match self.dialect {
                SwinDialect::Timm => format!("layers.{stage}.downsample"),
                SwinDialect::Transformers => {
                    format!("{}encoder.layers.{}.downsample", self.prefix, stage - 1)
                }
            };
            let joined = 4 * config.widths[stage - 1];
            let reduction = format!("{name}.reduction.weight");
            Ok::<_, CheckpointError>(MergeWeights {
                norm: Norm::take(weights, &format!("{name}.norm"), joined)?,
                reduction: weights.take(&reduction, &[config.widths[stage], joined])?,
            })
        });
        let ((h, w), _) = config.windows(stage, 0);
        let sizes = BlockSizes {
            width: config.widths[stage],
            hidden: config.mlp_width(stage),
            table: vec![(2 * h - 1) * (2 * w - 1), config.heads[stage]],
            qkv_bias: config.qkv_bias,
        };
        Ok(StageWeights {
            merge: merge.transpose()?,
            blocks: (0..config.depths[stage])
                .map(|block| WindowedBlockWeights::take(&self.block(stage, block), &sizes, weights))
                .collect::<Result<_, _>>()?,
        })
    }

    fn block(&self, stage: usize, block: usize) -> BlockNames {
        match self.dialect {
            SwinDialect::Timm => {
                let named = |name: &str| format!("layers.{stage}.blocks.{block}.{name}");
                BlockNames {
                    norm1: named("norm1"),
                    qkv: vec![named("attn.qkv")],
                    proj: named("attn.proj"),
                    table: named("attn.relative_position_bias_table"),
                    norm2: named("norm2"),
                    fc1: named("mlp.fc1"),
                    fc2: named("mlp.fc2"),
                }
            }
            SwinDialect::Transformers => {
                let stem = format!("{}encoder.layers.{stage}.blocks.{block}", self.prefix);
                let named = |name: &str| format!("{stem}.{name}");
                let part = |part| named(&format!("attention.self.{part}"));
                BlockNames {
                    norm1: named("layernorm_before"),
                    qkv: ["query", "key", "value"].map(part).to_vec(),
                    proj: named("attention.output.dense"),
                    table: named("attention.self.relative_position_bias_table"),
                    norm2: named("layernorm_after"),
                    fc1: named("intermediate.dense"),
                    fc2: named("output.dense"),
                }
            }
        }
    }
}
