//! Texts as unit vectors in the space that a CLIP's images live in.

use std::path::Path;

use candle_core::{Device, Tensor};

use crate::text::error::TextError;
use crate::text::tokens::{End, Line, Tokens};
use crate::text::tower::Tower;
use crate::text::{open_clip, transformers};
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::weights::files::is_open_clip;
use crate::work::cancel::Cancel;

/// Texts that go through the tower together.
const BATCH: usize = 64;

/// The place in a template that a text fills.
const BLANK: &str = "{}";

/// A CLIP's text side: tokenizer, tower, projection.
pub struct TextEncoder {
    tokens: Tokens,
    tower: Tower,
    /// `[D, K]`.
    projection: Tensor,
}

impl TextEncoder {
    /// Opens the text side of the CLIP that transformers or open_clip saved in `folder`.
    ///
    /// # Errors
    /// [`TextError`] where there is none, or its files don't fit together.
    pub fn open(folder: &Path) -> Result<Self, TextError> {
        if is_open_clip(folder) {
            let (config, tensors, projection) = open_clip::read(folder)?;
            let path = folder.join("tokenizer.json");
            return Ok(Self {
                tokens: Tokens::open(&path, config.context, End::Largest)?,
                tower: Tower::new(&config, tensors)?,
                projection,
            });
        }
        let path = folder.join("config.json");
        if !folder.is_dir() {
            return Err(CheckpointError::NotAFolder(folder.to_owned()).into());
        }
        if !path.is_file() {
            return Err(CheckpointError::NoConfig(folder.to_owned()).into());
        }
        let map = json::read(&path)?;
        let root = Object::root(&path, &map);
        let model_type = root.text("model_type")?.or(root.text("architecture")?);
        if model_type != Some("clip") {
            return Err(TextError::NoTexts {
                folder: folder.to_owned(),
                model_type: model_type
                    .unwrap_or("checkpoint without a model_type")
                    .to_owned(),
            });
        }
        let text = root.object("text_config")?;
        let config = transformers::tower_config(text)?;
        let width = root.count("projection_dim")?.unwrap_or(512);
        let (tensors, projection) = transformers::tensors(folder, &config, width)?;
        Ok(Self {
            tokens: Tokens::open(
                &folder.join("tokenizer.json"),
                config.context,
                transformers::end_token(text)?,
            )?,
            tower: Tower::new(&config, tensors)?,
            projection,
        })
    }

    /// Width of the embeddings, K.
    #[must_use]
    pub fn width(&self) -> usize {
        self.projection.dims()[1]
    }

    /// Whether the end of `text` is cut off because the tower reads no texts as long.
    #[must_use]
    pub fn cuts(&self, text: &str) -> bool {
        self.tokens.cuts(text)
    }

    /// The unit vector of each text, as it is.
    ///
    /// # Errors
    /// [`TextError`] for a text that can't be read, or when cancelled.
    pub fn embed(&self, texts: &[String], cancel: &Cancel) -> Result<Vec<Vec<f32>>, TextError> {
        let mut embedded = Vec::with_capacity(texts.len());
        for texts in texts.chunks(BATCH) {
            cancel.check()?;
            let lines: Vec<Line> = texts
                .iter()
                .map(|text| self.tokens.line(text))
                .collect::<Result<_, _>>()?;
            let pooled = self.pooled(&lines)?.matmul(&self.projection)?;
            embedded.extend(pooled.to_vec2::<f32>()?.into_iter().map(unit));
        }
        Ok(embedded)
    }

    /// The unit vector of each text, averaged over `templates` that it fills: `a photo of a {}.`
    ///
    /// Every filled template becomes a unit vector, their mean is brought to length one again (OpenAI's recipe for
    /// zero-shot classes). Without templates the texts stand for themselves.
    ///
    /// # Errors
    /// [`TextError`] for a template without a blank, a text that can't be read, or when cancelled.
    pub fn embed_with_templates(
        &self,
        texts: &[String],
        templates: &[String],
        cancel: &Cancel,
    ) -> Result<Vec<Vec<f32>>, TextError> {
        if templates.is_empty() {
            return self.embed(texts, cancel);
        }
        if let Some(wrong) = templates.iter().find(|template| !template.contains(BLANK)) {
            return Err(TextError::NoBlank(wrong.clone()));
        }
        let fill = |text: &String| {
            let filled = templates
                .iter()
                .map(|template| template.replace(BLANK, text));
            let vectors = self.embed(&filled.collect::<Vec<_>>(), cancel)?;
            let mut mean = vec![0.0; self.width()];
            for vector in &vectors {
                for (sum, value) in mean.iter_mut().zip(vector) {
                    *sum += value / vectors.len() as f32;
                }
            }
            Ok(unit(mean))
        };
        texts.iter().map(fill).collect()
    }

    /// The state at the end of each text, `[B, D]`.
    fn pooled(&self, lines: &[Line]) -> Result<Tensor, TextError> {
        let longest = lines.iter().map(|line| line.ids.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(lines.len() * longest);
        for line in lines {
            ids.extend(&line.ids);
            // what stands after the end is never looked at, attention being causal
            ids.resize(ids.len() + longest - line.ids.len(), 0);
        }
        let ids = Tensor::from_vec(ids, (lines.len(), longest), &Device::Cpu)?;
        let states = self.tower.states(&ids)?;
        let ends: Result<Vec<_>, _> = lines
            .iter()
            .enumerate()
            .map(|(place, line)| states.get(place)?.get(line.end))
            .collect();
        Ok(Tensor::stack(&ends?, 0)?)
    }
}

/// `vector` at length one; a vector of zeros stays.
fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector
        .iter()
        .map(|value| f64::from(*value).powi(2))
        .sum::<f64>()
        .sqrt();
    if length > 0.0 {
        vector
            .iter_mut()
            .for_each(|value| *value = (f64::from(*value) / length) as f32);
    }
    vector
}
