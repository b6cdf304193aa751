//! Groups of tokens that attend to each other, and what is added to the scores within them.

use candle_core::{Result, Tensor};

use super::placement::is_own;
use super::tensors::with_values;
use super::tile::{PanelRow, WIDTH};

/// Groups of tokens that attend to each other.
#[derive(Clone, Copy, Debug)]
pub struct Grouping<'a> {
    /// The tokens, group after group, `[T]`.
    pub order: &'a [u32],
    /// Tokens in a group.
    pub size: usize,
    /// What places in a group add to scores.
    pub bias: &'a ScoreBias,
}

/// What is added to scores before they are scaled, `[G, H, t, t]`, G groups or one for all.
#[derive(Clone, Debug)]
pub struct ScoreBias {
    groups: usize,
    heads: usize,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// As scores are packed.
    Packed(Vec<PanelRow>),
    /// The bias itself, on another device than the CPU.
    Elsewhere(Tensor),
}

impl ScoreBias {
    /// Packs `bias` `[G, H, t, t]`, queries before keys. On another device than the CPU it stays as it is.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn pack(bias: &Tensor) -> Result<Self> {
        let (groups, heads, size, _) = bias.dims4()?;
        if !is_own(bias) {
            let content = Content::Elsewhere(bias.contiguous()?);
            return Ok(Self {
                groups,
                heads,
                content,
            });
        }
        let panels = size.div_ceil(WIDTH);
        let mut rows = vec![PanelRow::ZEROS; groups * heads * panels * size];
        with_values(bias, |bias| {
            for (number, row) in bias.chunks_exact(size).enumerate() {
                let (of_head, query) = (number / size, number % size);
                let panel = &mut rows[(of_head * panels + query / WIDTH) * size..][..size];
                for (packed, bias) in panel.iter_mut().zip(row) {
                    packed.0[query % WIDTH] = *bias;
                }
            }
        })?;
        Ok(Self {
            groups,
            heads,
            content: Content::Packed(rows),
        })
    }

    /// The rows of a head in a group, panel after panel.
    pub(super) fn of(&self, group: usize, head: usize) -> &[PanelRow] {
        let Content::Packed(rows) = &self.content else {
            unreachable!("attention with a bias elsewhere is composed")
        };
        let each = rows.len() / self.groups / self.heads;
        &rows[(group % self.groups * self.heads + head) * each..][..each]
    }

    /// The bias where it is on another device than the CPU.
    pub(super) fn elsewhere(&self) -> Option<&Tensor> {
        match &self.content {
            Content::Packed(_) => None,
            Content::Elsewhere(bias) => Some(bias),
        }
    }
}
