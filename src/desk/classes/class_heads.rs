//! Class heads of a model: a linear one fitted on representations, and the zero-shot one of CLIP's texts.

use std::sync::Arc;

use crate::analysis::{Labels, Linear, fit_classifier};
use crate::desk::images::halves::Halves;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::texts::class_texts::{ClassTexts, ClassTextsOf};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::Prompt;

/// A head that tells classes.
pub struct ClassHead {
    /// `linear` or `text`.
    pub name: &'static str,
    /// Its scores, by component.
    pub linear: Linear<'static>,
    /// What it is judged on.
    pub judged: Rows,
}

/// Class heads of a model.
pub struct ClassHeads {
    /// The heads; the one that the paper would take first.
    pub heads: Vec<ClassHead>,
    /// What there is to say about them.
    pub notes: Vec<String>,
    /// Whether all texts had been embedded before.
    pub cached: bool,
}

/// What of representations is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judging {
    /// They alone, whole.
    Whole,
    /// They and what is left of them without some components.
    Ablated,
}

/// The right to fit a linear head.
pub struct LinearHeadOf(Rows);

/// The right to both heads.
pub struct ClassHeadsOf {
    column: String,
    linear: LinearHeadOf,
    linear_judged: Rows,
    texts: ClassTextsOf,
    text_judged: Rows,
    alignment: AlignmentTo,
}

impl Planner<'_> {
    /// Plans to fit the linear discriminant of representations for what is called so, on the images to fit on.
    ///
    /// # Errors
    /// None of its own.
    pub fn linear_head(
        &mut self,
        what: &str,
        stored: &Arc<Stored>,
        halves: &Halves,
    ) -> Result<LinearHeadOf, DeskError> {
        self.step(
            format!("compute: a linear head for `{what}`, in one pass"),
            |planner| {
                let rows = planner.representations(stored, halves.fit.clone());
                planner.says(&*halves.note);
                Ok(LinearHeadOf(rows))
            },
        )
    }

    /// Plans to judge a linear function of representations.
    pub fn judged(&mut self, stored: &Arc<Stored>, halves: &Halves, judging: Judging) -> Rows {
        let keep = halves.judged.clone();
        match judging {
            Judging::Ablated => {
                let whose = "the components ablated and of the random control";
                self.chosen_rows_and_representations(stored, whose, keep)
            }
            Judging::Whole => self.representations(stored, keep),
        }
    }

    /// Plans both heads for a column, and to judge by them.
    ///
    /// # Errors
    /// When there is no such CLIP.
    pub fn class_heads(
        &mut self,
        column: &str,
        labels: &Labels,
        prompt: &Prompt,
        stored: &Arc<Stored>,
        halves: &Halves,
        judging: Judging,
    ) -> Result<ClassHeadsOf, DeskError> {
        let (linear, linear_judged) = self.step("the linear head", |planner| {
            let head = planner.linear_head(column, stored, halves)?;
            Ok((head, planner.judged(stored, halves, judging)))
        })?;
        self.step("the text head", |planner| {
            let texts = planner.class_texts(prompt, stored.set(), column, &labels.classes)?;
            Ok(ClassHeadsOf {
                column: column.to_owned(),
                linear,
                linear_judged,
                texts,
                text_judged: planner.all_rows(stored, halves.judged.clone()),
                alignment: planner.alignment(stored, &prompt.clip)?,
            })
        })
    }
}

impl LinearHeadOf {
    /// The head; nothing where the images to fit on are of fewer than two classes.
    ///
    /// # Errors
    /// When rows can't be read; [`DeskError::Cancelled`].
    pub fn fit(
        &self,
        labels: &Labels,
        desk: &Desk<'_>,
    ) -> Result<Option<Linear<'static>>, DeskError> {
        let rows = self.0.open()?;
        let fits = self.0.keeps();
        let keep = |id: u32| fits(id) && labels.of(id).is_some();
        let fitted = fit_classifier(&rows, labels, &keep, desk.cancel, desk.progress)?;
        Ok(fitted.map(|fitted| Linear::classifier(&rows, &fitted)))
    }
}

impl ClassHeadsOf {
    /// Both heads. As published, a CLIP is judged by its text head and the other models by a linear one (arXiv 2406.01583,
    /// section 5.5), so that comes first.
    ///
    /// # Errors
    /// When rows, maps or texts can't be read; [`DeskError::Cancelled`].
    pub fn take(self, labels: &Labels, desk: &mut Desk<'_>) -> Result<ClassHeads, DeskError> {
        let (mut heads, mut notes) = (Vec::new(), Vec::new());
        match self.linear.fit(labels, desk)? {
            Some(linear) => heads.push(ClassHead {
                name: "linear",
                linear,
                judged: self.linear_judged,
            }),
            None => notes.push(format!(
                "no linear head: the images to fit on are of fewer than two values of `{}`",
                self.column
            )),
        }
        let texts = self.texts.embed(desk)?;
        let aligned = self.alignment.carried(desk)?.aligned;
        let text = ClassHead {
            name: "text",
            linear: Linear::texts(&aligned, &texts.directions),
            judged: self.text_judged,
        };
        match self.alignment.is_own() {
            true => heads.insert(0, text),
            false => heads.push(text),
        }
        notes.push(text_note(&texts, labels));
        Ok(ClassHeads {
            heads,
            notes,
            cached: texts.cached,
        })
    }
}

/// Says which texts stand for the first classes.
fn text_note(texts: &ClassTexts, labels: &Labels) -> String {
    const NAMED: usize = 3;
    let said: Vec<String> = (labels.classes.iter().zip(&texts.texts))
        .take(NAMED)
        .map(|(class, texts)| format!("{class}: “{}”", texts.join("”, “")))
        .collect();
    let more = labels.classes.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("text head: {}{more}", said.join("; "))
}
