//! What describes a MaxViT (arXiv 2204.01697) of the kind whose weights come from its authors, `maxvit_*_tf_*` in timm.

use std::path::Path;

use super::refusals::at_most;
use crate::vision::error::CheckpointError;

/// A MaxViT. A block is a convolution branch, window attention with an MLP, and grid attention with an MLP: block b
/// holds the convolution b and the layers 2b and 2b + 1.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxVitConfig {
    /// The architecture that the config names.
    pub name: String,
    /// Height and width of the image that goes in, in pixels.
    pub image: (usize, usize),
    /// Channels after each of the stem's two convolutions.
    pub stem: (usize, usize),
    /// Width of the residual stream in each stage.
    pub widths: Vec<usize>,
    /// Blocks in each stage.
    pub depths: Vec<usize>,
    /// Width of a head.
    pub head_width: usize,
    /// Height and width of a window, and of a grid, in tokens.
    pub window: (usize, usize),
    /// Classes of the classifier, 0 where there is none.
    pub classes: usize,
}

impl MaxVitConfig {
    /// ε of the batch norms; that and the nonlinearity (GELU's tanh form) are those of all `_tf` models.
    pub const BATCH_NORM_EPS: f64 = 1e-3;
    /// ε of the layer norms.
    pub const LAYER_NORM_EPS: f64 = 1e-5;

    /// Height and width of the map of `stage`, in tokens.
    #[must_use]
    pub fn map(&self, stage: usize) -> (usize, usize) {
        (self.image.0 >> (stage + 2), self.image.1 >> (stage + 2))
    }

    /// Width of the stream that enters `stage`.
    #[must_use]
    pub fn width_before(&self, stage: usize) -> usize {
        match stage {
            0 => self.stem.1,
            _ => self.widths[stage - 1],
        }
    }

    /// Width inside the convolution branches of `stage`, which timm keeps a multiple of 8 (`make_divisible`).
    #[must_use]
    pub fn conv_width(&self, stage: usize) -> usize {
        (self.widths[stage] * 4).next_multiple_of(8)
    }

    /// Width of the squeeze in the convolution branches of `stage`.
    #[must_use]
    pub fn squeeze_width(&self, stage: usize) -> usize {
        self.widths[stage] / 4
    }

    /// Hidden width of the MLPs of `stage`.
    #[must_use]
    pub fn mlp_width(&self, stage: usize) -> usize {
        self.widths[stage] * 4
    }

    /// Why the checkpoint is read the way it is, for errors.
    #[must_use]
    pub fn reason(&self) -> String {
        format!(
            "taken for a MaxViT because config.json says architecture = {}",
            self.name
        )
    }

    /// Refuses sizes that fit no model.
    pub(super) fn check(self, path: &Path) -> Result<Self, CheckpointError> {
        let wrong = |reason: String| Err(CheckpointError::config(path, reason));
        let stages = self.widths.len();
        if stages == 0 || self.depths.len() != stages {
            return wrong(format!(
                "embed_dim and depths have to name as many stages as each other, and name {stages} and {}",
                self.depths.len()
            ));
        }
        at_most(path, "stages", stages, 8)?;
        at_most(path, "blocks", self.depths.iter().sum(), 500)?;
        at_most(path, "channels", self.stem.0.max(self.stem.1), 1 << 14)?;
        for stage in 0..stages {
            let (width, depth) = (self.widths[stage], self.depths[stage]);
            at_most(path, "channels", width, 1 << 14)?;
            if depth == 0 || width < 4 || !width.is_multiple_of(self.head_width) {
                return wrong(format!(
                    "stage {stage} has {depth} blocks of width {width}; neither may be 0, and heads of width {} have to \
                     divide the width",
                    self.head_width
                ));
            }
            self.check_map(stage, path)?;
        }
        Ok(self)
    }

    /// Refuses maps that halving or windows don't divide.
    fn check_map(&self, stage: usize, path: &Path) -> Result<(), CheckpointError> {
        let map = self.map(stage);
        let whole = |image: usize, map: usize, window: usize| {
            window > 0 && map > 0 && map << (stage + 2) == image && map.is_multiple_of(window)
        };
        at_most(path, "tokens", map.0 * map.1, 1 << 18)?;
        if whole(self.image.0, map.0, self.window.0) && whole(self.image.1, map.1, self.window.1) {
            return Ok(());
        }
        let reason = format!(
            "an image of {} × {} pixels gives stage {stage} a map of {} × {} tokens, which halving and windows of {} × {} \
             don't divide; img_size and transformer_partition_ratio have to fit each other",
            self.image.0, self.image.1, map.0, map.1, self.window.0, self.window.1
        );
        Err(CheckpointError::config(path, reason))
    }
}
