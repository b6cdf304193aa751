//! What each dialect calls a Vision Transformer's tensors, and how they are brought to one form.

use candle_core::Tensor;

use super::tensors::{BlockWeights, VitWeights};
use super::unused::unused;
use crate::vision::config::{Dialect, Pool, VitConfig};
use crate::vision::error::CheckpointError;
use crate::vision::layer_weights::{Linear, Norm};
use crate::vision::position;
use crate::vision::weights::{Weights, stand_in};

/// What a dialect calls its tensors.
pub(super) struct Names {
    dialect: Dialect,
    /// Before every name: `vit.` and the like, when a head was saved along.
    prefix: String,
}

impl Names {
    /// The names in this checkpoint.
    pub(super) fn of(config: &VitConfig, weights: &Weights) -> Self {
        let candidates: &[&str] = match config.dialect {
            Dialect::Timm => &[""],
            Dialect::HfVit => &["", "vit.", "deit."],
            Dialect::HfDinov2 => &["", "dinov2.", "dinov2_with_registers."],
            Dialect::HfClip => &["vision_model.", ""],
            Dialect::OpenClip => &["visual."],
        };
        let token = match config.dialect {
            Dialect::HfClip => "embeddings.class_embedding",
            _ => "embeddings.cls_token",
        };
        let found = candidates
            .iter()
            .find(|prefix| weights.contains(&format!("{prefix}{token}")));
        Self {
            dialect: config.dialect,
            prefix: found
                .or(candidates.first())
                .map(|prefix| (*prefix).to_owned())
                .unwrap_or_default(),
        }
    }

    /// A name by dialect; the prefix comes before it.
    fn pick(&self, [timm, vit, dinov2, clip, open_clip]: [&str; 5]) -> String {
        let name = match self.dialect {
            Dialect::Timm => timm,
            Dialect::HfVit => vit,
            Dialect::HfDinov2 => dinov2,
            Dialect::HfClip => clip,
            Dialect::OpenClip => open_clip,
        };
        format!("{}{name}", self.prefix)
    }

    /// Parts of a checkpoint that a representation has no use for.
    pub(super) fn unused(&self) -> Vec<String> {
        unused(self.dialect, &self.prefix)
    }

    /// Every tensor that `config` asks for.
    pub(super) fn take_all(
        &self,
        config: &VitConfig,
        weights: &mut Weights,
    ) -> Result<VitWeights, CheckpointError> {
        let blocks: Result<Vec<_>, _> = (0..config.depth)
            .map(|block| self.block(config, weights, block))
            .collect();
        let (head, head_dist) = self.heads(config, weights)?;
        let norm = match (config.final_norm, config.norm_after_pool) {
            (false, _) => None,
            (true, true) => Some(Norm::take(
                weights,
                &format!("{}fc_norm", self.prefix),
                config.width,
            )?),
            (true, false) => {
                let name = self.pick([
                    "norm",
                    "layernorm",
                    "layernorm",
                    "post_layernorm",
                    "ln_post",
                ]);
                Some(Norm::take(weights, &name, config.width)?)
            }
        };
        let pre_norm = self.pick(["norm_pre", "", "", "pre_layrnorm", "ln_pre"]); // transformers spells it so
        Ok(VitWeights {
            patch: self.patch(config, weights)?,
            cls: self.token(
                config,
                weights,
                config.class_token,
                [
                    "cls_token",
                    "embeddings.cls_token",
                    "embeddings.cls_token",
                    "embeddings.class_embedding",
                    "class_embedding",
                ],
            )?,
            dist: self.token(
                config,
                weights,
                config.distilled,
                ["dist_token", "embeddings.distillation_token", "", "", ""],
            )?,
            registers: self.registers(config, weights)?,
            position: self.position(config, weights)?,
            pre_norm: given(config.pre_norm, || {
                Norm::take(weights, &pre_norm, config.width)
            })?,
            blocks: blocks?,
            norm,
            projection: match config.projection {
                Some(width) => Some(self.projection(weights, width, config.width)?),
                None => None,
            },
            head,
            head_dist,
        })
    }

    /// CLIP's projection, `[K, D]`; open_clip saves it the other way round.
    fn projection(
        &self,
        weights: &mut Weights,
        into: usize,
        width: usize,
    ) -> Result<Tensor, CheckpointError> {
        match self.dialect {
            Dialect::OpenClip => Ok(weights
                .take("visual.proj", &[width, into])?
                .t()?
                .contiguous()?),
            _ => weights.take("visual_projection.weight", &[into, width]),
        }
    }

    /// The patch embedding, its kernel flattened.
    fn patch(&self, config: &VitConfig, weights: &mut Weights) -> Result<Linear, CheckpointError> {
        let name = self.pick([
            "patch_embed.proj",
            "embeddings.patch_embeddings.projection",
            "embeddings.patch_embeddings.projection",
            "embeddings.patch_embedding",
            "conv1",
        ]);
        let (height, width) = config.patch;
        let kernel = [config.width, 3, height, width];
        let flat = [config.width, 3 * height * width];
        Ok(Linear {
            weight: weights.take_as(&format!("{name}.weight"), &kernel, &flat)?,
            bias: given(config.patch_bias, || {
                weights.take(&format!("{name}.bias"), &[config.width])
            })?,
        })
    }

    /// A token that stands before the patches, `[D]`.
    fn token(
        &self,
        config: &VitConfig,
        weights: &mut Weights,
        present: bool,
        names: [&str; 5],
    ) -> Result<Option<Tensor>, CheckpointError> {
        if !present {
            return Ok(None);
        }
        let name = self.pick(names);
        let width = config.width;
        let shape: &[usize] = match self.dialect {
            Dialect::HfClip | Dialect::OpenClip => &[width],
            _ => &[1, 1, width],
        };
        Ok(Some(weights.take_as(&name, shape, &[width])?))
    }

    /// Register tokens, `[R, D]`.
    fn registers(
        &self,
        config: &VitConfig,
        weights: &mut Weights,
    ) -> Result<Option<Tensor>, CheckpointError> {
        let name = self.pick(["reg_token", "", "embeddings.register_tokens", "", ""]);
        let (count, width) = (config.registers, config.width);
        given(count > 0, || {
            weights.take_as(&name, &[1, count, width], &[count, width])
        })
    }

    /// Position embeddings for every token of the config's grid.
    fn position(
        &self,
        config: &VitConfig,
        weights: &mut Weights,
    ) -> Result<Tensor, CheckpointError> {
        let hf = "embeddings.position_embeddings";
        let name = self.pick([
            "pos_embed",
            hf,
            hf,
            "embeddings.position_embedding.weight",
            "positional_embedding",
        ]);
        let (slots, width) = (config.positioned_prefix, config.width);
        let new = config.grid();
        let shaped = |rows: usize| match self.dialect {
            Dialect::HfClip | Dialect::OpenClip => vec![rows, width],
            _ => vec![1, rows, width],
        };
        let expected = shaped(slots + new.0 * new.1);
        let all = [config.tokens(), width];
        let Some(stored) = weights.shape(&name) else {
            weights.take(&name, &expected)?;
            return stand_in(&all);
        };
        let rows = stored.iter().rev().nth(1).unwrap_or(&0);
        let patches = rows.saturating_sub(slots);
        let old = if patches == new.0 * new.1 {
            new
        } else {
            // square, as both timm and transformers assume of a grid they weren't told
            let side = patches.isqrt();
            (side, side)
        };
        let stored_as = shaped(slots + patches);
        if old.0 * old.1 != patches || patches == 0 || stored != stored_as {
            weights.note_shape(&name, &expected);
            return stand_in(&all);
        }
        let table = weights
            .take(&name, &stored_as)?
            .flatten_all()?
            .to_vec1::<f32>()?;
        let (prefix, grid) = table.split_at(slots * width);
        let mut rows = prefix.to_vec();
        rows.resize(config.prefix_tokens() * width, 0.0);
        rows.extend(position::resample(grid, width, old, new, config.resampling));
        Ok(Tensor::from_vec(
            rows,
            (config.tokens(), width),
            weights.device(),
        )?)
    }

    fn block(
        &self,
        config: &VitConfig,
        weights: &mut Weights,
        block: usize,
    ) -> Result<BlockWeights, CheckpointError> {
        let (width, hidden) = (config.width, config.mlp_width);
        let stem = self.pick([
            "blocks",
            "encoder.layer",
            "encoder.layer",
            "encoder.layers",
            "transformer.resblocks",
        ]);
        let own = Names {
            dialect: self.dialect,
            prefix: format!("{stem}.{block}."),
        };
        let scale = |weights: &mut Weights, place: u8| {
            let hf = format!("layer_scale{place}.lambda1");
            let timm = format!("ls{place}.gamma");
            let name = own.pick([&timm, "", &hf, "", &format!("ls_{place}.gamma")]);
            given(config.layer_scale, || weights.take(&name, &[width]))
        };
        let linear = |weights: &mut Weights, name: String, out: usize, into: usize| {
            Linear::take(weights, &name, [out, into], true)
        };
        let dense = "attention.output.dense";
        let norm1 = own.pick(["norm1", "layernorm_before", "norm1", "layer_norm1", "ln_1"]);
        let norm2 = own.pick(["norm2", "layernorm_after", "norm2", "layer_norm2", "ln_2"]);
        Ok(BlockWeights {
            norm1: Norm::take(weights, &norm1, width)?,
            qkv: own.qkv(config, weights)?,
            proj: linear(
                weights,
                own.pick([
                    "attn.proj",
                    dense,
                    dense,
                    "self_attn.out_proj",
                    "attn.out_proj",
                ]),
                width,
                width,
            )?,
            scale1: scale(weights, 1)?,
            norm2: Norm::take(weights, &norm2, width)?,
            fc1: linear(
                weights,
                own.pick([
                    "mlp.fc1",
                    "intermediate.dense",
                    "mlp.fc1",
                    "mlp.fc1",
                    "mlp.c_fc",
                ]),
                hidden,
                width,
            )?,
            fc2: linear(
                weights,
                own.pick([
                    "mlp.fc2",
                    "output.dense",
                    "mlp.fc2",
                    "mlp.fc2",
                    "mlp.c_proj",
                ]),
                width,
                hidden,
            )?,
            scale2: scale(weights, 2)?,
        })
    }

    /// Queries, keys and values: one tensor in timm and open_clip, three joined in transformers.
    fn qkv(&self, config: &VitConfig, weights: &mut Weights) -> Result<Linear, CheckpointError> {
        let width = config.width;
        let (stems, rows): (Vec<String>, usize) = match self.dialect {
            Dialect::Timm => (vec![format!("{}attn.qkv.", self.prefix)], 3 * width),
            Dialect::OpenClip => (vec![format!("{}attn.in_proj_", self.prefix)], 3 * width),
            Dialect::HfVit | Dialect::HfDinov2 => {
                let name = |part| format!("{}attention.attention.{part}.", self.prefix);
                (["query", "key", "value"].map(name).to_vec(), width)
            }
            Dialect::HfClip => {
                let name = |part| format!("{}self_attn.{part}_proj.", self.prefix);
                (["q", "k", "v"].map(name).to_vec(), width)
            }
        };
        let all = |end: &str| -> Vec<String> {
            stems.iter().map(|stem| format!("{stem}{end}")).collect()
        };
        Ok(Linear {
            weight: weights.take_joined(&all("weight"), &[rows, width])?,
            bias: given(config.qkv_bias, || {
                weights.take_joined(&all("bias"), &[rows])
            })?,
        })
    }

    /// The classifier, and the distillation token's where there are two.
    fn heads(
        &self,
        config: &VitConfig,
        weights: &mut Weights,
    ) -> Result<(Option<Linear>, Option<Linear>), CheckpointError> {
        let pair = config.distilled && config.pool == Pool::TokenPair;
        let (first, second) = match self.dialect {
            Dialect::Timm => ("head", "head_dist"),
            _ if pair => ("cls_classifier", "distillation_classifier"),
            _ => ("classifier", ""),
        };
        let mut head = |name: &str, present: bool| {
            given(present && config.classes > 0, || {
                Ok(Linear {
                    weight: weights
                        .take(&format!("{name}.weight"), &[config.classes, config.width])?,
                    bias: Some(weights.take(&format!("{name}.bias"), &[config.classes])?),
                })
            })
        };
        Ok((head(first, true)?, head(second, pair)?))
    }
}

/// `make()` where `present`.
fn given<T>(
    present: bool,
    make: impl FnOnce() -> Result<T, CheckpointError>,
) -> Result<Option<T>, CheckpointError> {
    present.then(make).transpose()
}
