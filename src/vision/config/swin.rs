//! What describes a Swin Transformer (arXiv 2103.14030): stages of blocks on ever smaller maps.

use std::path::Path;

use super::refusals::at_most;
use super::variants::Activation;
use crate::vision::error::CheckpointError;

/// Who wrote a Swin checkpoint: decides what its tensors are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwinDialect {
    /// timm: `layers.1.downsample` comes before the blocks of stage 1.
    Timm,
    /// transformers: `encoder.layers.0.downsample` comes after the blocks of stage 0, which is the same place.
    Transformers,
}

/// A Swin Transformer. Layers are its blocks, numbered straight through the stages.
#[derive(Clone, Debug, PartialEq)]
pub struct SwinConfig {
    /// What the config calls the model: `architecture` or `model_type`.
    pub name: String,
    /// What the tensors are called.
    pub dialect: SwinDialect,
    /// Height and width of the image that goes in, in pixels.
    pub image: (usize, usize),
    /// Height and width of a patch, in pixels.
    pub patch: (usize, usize),
    /// Width of the residual stream in each stage.
    pub widths: Vec<usize>,
    /// Blocks in each stage.
    pub depths: Vec<usize>,
    /// Attention heads of the blocks of each stage.
    pub heads: Vec<usize>,
    /// Height and width of a window, in tokens.
    pub window: (usize, usize),
    /// Hidden width of an MLP over the width of its stage.
    pub mlp_ratio: f64,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Added to LayerNorm's variance.
    pub eps: f64,
    /// The MLPs' nonlinearity.
    pub activation: Activation,
    /// Classes of the classifier, 0 where there is none.
    pub classes: usize,
}

impl SwinConfig {
    /// Height and width of the map of `stage`, in tokens.
    #[must_use]
    pub fn map(&self, stage: usize) -> (usize, usize) {
        let side = |image: usize, patch: usize| (image / patch) >> stage;
        (
            side(self.image.0, self.patch.0),
            side(self.image.1, self.patch.1),
        )
    }

    /// Windows of `block` of `stage`, and how far they are shifted: every other block's by half a window. A map that is
    /// not larger than the window is one window, not shifted (timm swin_transformer.py, `_calc_window_shift`).
    #[must_use]
    pub fn windows(&self, stage: usize, block: usize) -> ((usize, usize), (usize, usize)) {
        let side = |map: usize, window: usize| match map <= window {
            true => (map, 0),
            false => (window, block % 2 * (window / 2)),
        };
        let map = self.map(stage);
        let (rows, columns) = (side(map.0, self.window.0), side(map.1, self.window.1));
        ((rows.0, columns.0), (rows.1, columns.1))
    }

    /// Hidden width of the MLPs of `stage`; Python truncates the product.
    #[must_use]
    pub fn mlp_width(&self, stage: usize) -> usize {
        (self.widths[stage] as f64 * self.mlp_ratio) as usize
    }

    /// Why the checkpoint is read the way it is, for errors.
    #[must_use]
    pub fn reason(&self) -> String {
        let field = match self.dialect {
            SwinDialect::Timm => "architecture",
            SwinDialect::Transformers => "model_type",
        };
        format!(
            "taken for a Swin Transformer because config.json says {field} = {}",
            self.name
        )
    }

    /// Refuses sizes that fit no model.
    pub(super) fn check(self, path: &Path) -> Result<Self, CheckpointError> {
        let wrong = |reason: String| Err(CheckpointError::config(path, reason));
        let stages = self.widths.len();
        if stages == 0 || self.depths.len() != stages || self.heads.len() != stages {
            return wrong(format!(
                "depths, num_heads and widths have to name as many stages as each other, and name {}, {} and {stages}",
                self.depths.len(),
                self.heads.len()
            ));
        }
        at_most(path, "stages", stages, 8)?;
        at_most(path, "blocks", self.depths.iter().sum(), 1000)?;
        for stage in 0..stages {
            let (width, heads) = (self.widths[stage], self.heads[stage]);
            let hidden = self.mlp_width(stage);
            at_most(path, "channels", width.max(hidden), 1 << 16)?;
            if self.depths[stage] == 0 || hidden == 0 || heads == 0 || !width.is_multiple_of(heads)
            {
                return wrong(format!(
                    "stage {stage} has {} blocks of width {width} with {heads} heads and an MLP of {hidden}; \
                     none may be 0, and the heads have to divide the width",
                    self.depths[stage]
                ));
            }
            self.check_map(stage, path)?;
        }
        if !(self.eps > 0.0 && self.eps < 1.0) {
            return wrong(format!("a LayerNorm eps of {:?} can't be meant", self.eps));
        }
        Ok(self)
    }

    /// Refuses maps that patches, windows or mergings don't divide: such models pad them, which is not done here.
    fn check_map(&self, stage: usize, path: &Path) -> Result<(), CheckpointError> {
        let (map, (window, _)) = (self.map(stage), self.windows(stage, 0));
        let whole = |image: usize, patch: usize, map: usize, window: usize| {
            map > 0 && (map << stage) * patch == image && map.is_multiple_of(window)
        };
        at_most(path, "tokens", map.0 * map.1, 1 << 18)?;
        if whole(self.image.0, self.patch.0, map.0, window.0)
            && whole(self.image.1, self.patch.1, map.1, window.1)
        {
            return Ok(());
        }
        let reason = format!(
            "an image of {} × {} pixels gives stage {stage} a map of {} × {} tokens, which patches of {} × {}, mergings \
             and windows of {} × {} don't divide; padded maps are not read",
            self.image.0,
            self.image.1,
            map.0,
            map.1,
            self.patch.0,
            self.patch.1,
            window.0,
            window.1
        );
        Err(CheckpointError::config(path, reason))
    }
}
