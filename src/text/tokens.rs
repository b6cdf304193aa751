//! Texts as token numbers, and the place where each text ends.

use std::path::Path;

use tokenizers::{Tokenizer, TruncationParams};

use crate::text::error::TextError;

/// Where a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At this token.
    Token(u32),
    /// At the largest number, as in OpenAI's vocabulary, whose last entry it is.
    Largest,
}

/// A tokenizer that cuts texts to what the tower reads.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    end: End,
}

/// Tokens of one text, and where its end-of-text token stands.
pub(super) struct Line {
    pub(super) ids: Vec<u32>,
    pub(super) end: usize,
}

impl Tokens {
    /// Reads `tokenizer.json`; `context` tokens are kept, `end` says where texts end.
    pub(super) fn open(path: &Path, context: usize, end: End) -> Result<Self, TextError> {
        let wrong = |reason: String| TextError::Tokenizer {
            path: path.to_owned(),
            reason,
        };
        if !path.is_file() {
            return Err(wrong(
                "the file is missing, and texts can't be read without it; copy it from where the model came from (for the \
                 CLIPs of OpenAI and LAION, openai/clip-vit-base-patch32 on the hub has the same)"
                    .to_owned(),
            ));
        }
        let mut tokenizer = Tokenizer::from_file(path).map_err(|error| wrong(error.to_string()))?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| wrong(error.to_string()))?;
        let marks = tokenizer
            .encode("", true)
            .map_err(|error| wrong(error.to_string()))?
            .len();
        if context <= marks {
            return Err(wrong(format!(
                "texts of {context} tokens leave no room beside its {marks} marks"
            )));
        }
        let cut = TruncationParams {
            max_length: context,
            ..TruncationParams::default()
        };
        tokenizer
            .with_truncation(Some(cut))
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self { tokenizer, end })
    }

    /// The tokens of `text`.
    pub(super) fn line(&self, text: &str) -> Result<Line, TextError> {
        let unread = |reason: String| TextError::Unread {
            text: text.to_owned(),
            reason,
        };
        let encoding = self
            .tokenizer
            .encode(text, true)
            .map_err(|error| unread(error.to_string()))?;
        let ids = encoding.get_ids().to_vec();
        let end = match self.end {
            // the first of the largest, as argmax has it
            End::Largest => ids
                .iter()
                .enumerate()
                .rev()
                .max_by_key(|(_, id)| **id)
                .map(|(place, _)| place)
                .ok_or_else(|| unread("the tokenizer makes nothing of it".to_owned()))?,
            End::Token(token) => ids.iter().position(|id| *id == token).ok_or_else(|| {
                unread(format!(
                    "the tokenizer doesn't end it with the config's eos_token_id, {token}"
                ))
            })?,
        };
        Ok(Line { ids, end })
    }

    /// Whether the end of `text` is cut off.
    pub(super) fn cuts(&self, text: &str) -> bool {
        let encoding = self.tokenizer.encode(text, true);
        encoding.is_ok_and(|encoding| !encoding.get_overflowing().is_empty())
    }
}
