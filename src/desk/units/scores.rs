//! Scores of units for concepts: from moments where those are enough, else in one pass over the rows.

use std::sync::Arc;

use crate::analysis::{Group, ScoreKind, TextBasis, scan_scores, scores_from_moments};
use crate::desk::models::loaded::Scoring;
use crate::desk::plan::count_of;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::moments::MomentsOf;
use crate::desk::stored::rows::Rows;
use crate::desk::texts::embeddings::{Embeddings, Texts};
use crate::desk::units::groups::{components_of, groups};
use crate::desk::{Carried, Desk, DeskError, Planner};
use crate::lang::filter::Filter;
use crate::lang::query::{Concept, Prompt, Score, Target, Unit};

/// What is asked about units.
#[derive(Clone, Copy)]
pub struct Asking<'q> {
    /// The model, and the images.
    pub target: &'q Target,
    /// How it is asked.
    pub prompt: &'q Prompt,
    /// The units.
    pub units: &'q [Unit],
    /// The concepts they are scored for.
    pub concepts: &'q [Concept],
    /// How.
    pub score: Score,
    /// Which images count; `None` for all.
    pub images: Option<&'q Filter>,
}

/// What scores rest on.
#[derive(Clone, Copy)]
pub struct Ground {
    /// How many images they are taken on.
    pub images: u64,
    /// Whether they are taken on images that the alignment was not fitted on.
    pub apart: bool,
    /// How well the alignment does on images held out of its fit; nothing for a CLIP's own contributions.
    pub held_out_cosine: Option<f64>,
}

impl Ground {
    /// That of scores from moments.
    #[must_use]
    pub fn of(scoring: &Scoring) -> Self {
        Self {
            images: scoring.moments.n,
            apart: scoring.apart,
            held_out_cosine: scoring.held_out_cosine,
        }
    }
}

/// The right to score units.
#[derive(Clone)]
pub struct UnitScores {
    groups: Vec<Group>,
    kind: ScoreKind,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Moments(MomentsOf),
    Scan {
        rows: Rows,
        alignment: AlignmentTo,
        /// Whether the set says which images are apart from those of the fit.
        apart: bool,
    },
}

/// Scores, and what they rest on.
pub struct Found {
    /// By unit and concept.
    pub scores: Vec<Vec<f64>>,
    /// What they rest on.
    pub ground: Ground,
    /// Whether nothing had to be gathered.
    pub warm: bool,
}

impl Planner<'_> {
    /// Plans what scores of units take, besides the texts: moments, or the rows of all components, since the total is
    /// their sum.
    ///
    /// # Errors
    /// When a unit is not stored, or what scores rest on is not there.
    pub fn unit_scores(
        &mut self,
        asking: &Asking<'_>,
        stored: &Arc<Stored>,
    ) -> Result<UnitScores, DeskError> {
        let (target, clip) = (asking.target, &asking.prompt.clip);
        let groups = groups(stored.specs(), asking.units)?;
        let source = if from_moments(asking) {
            Source::Moments(self.moments(target, stored, clip)?)
        } else {
            let keep = self.scored_images(target, asking.images)?;
            let rows = self.all_rows(stored, keep.clone());
            if asking.score == Score::Spearman {
                self.step("compute: ranks of the images", |planner| {
                    let components = components_of(stored.specs(), asking.units)?.components;
                    let whose = count_of(asking.units.len(), "unit");
                    planner.rows_of(stored, &components, &whose, keep);
                    Ok(())
                })?;
            }
            Source::Scan {
                rows,
                alignment: self.alignment(stored, clip)?,
                apart: self.split(&target.set)?.is_known(),
            }
        };
        Ok(UnitScores {
            groups,
            kind: kind(asking.score),
            source,
        })
    }

    /// As [`Self::unit_scores`], for other scores besides the one asked for, which comes first. What one of them takes that
    /// is planned for another is planned once.
    ///
    /// # Errors
    /// As [`Self::unit_scores`].
    pub fn unit_scores_by(
        &mut self,
        asking: &Asking<'_>,
        others: &[Score],
        stored: &Arc<Stored>,
    ) -> Result<Vec<UnitScores>, DeskError> {
        let mut planned = vec![self.unit_scores(asking, stored)?];
        for &score in others {
            let asking = Asking { score, ..*asking };
            let alike = planned
                .iter()
                .find(|own| own.has_what_it_takes_for(&asking));
            let own = match alike {
                Some(alike) => UnitScores {
                    kind: kind(score),
                    ..alike.clone()
                },
                None => self.unit_scores(&asking, stored)?,
            };
            planned.push(own);
        }
        Ok(planned)
    }

    /// Plans to score units for concepts.
    ///
    /// # Errors
    /// As [`Self::unit_scores`].
    pub fn scores(
        &mut self,
        asking: &Asking<'_>,
        stored: &Arc<Stored>,
    ) -> Result<ConceptScores, DeskError> {
        let units = self.unit_scores(asking, stored)?;
        let texts = self.concepts(asking.prompt, asking.concepts)?;
        Ok(ConceptScores { units, texts })
    }
}

impl UnitScores {
    /// Whether what this score takes is all that another one of the same units takes.
    fn has_what_it_takes_for(&self, asking: &Asking<'_>) -> bool {
        asking.score != Score::Spearman
            && matches!(self.source, Source::Moments(_)) == from_moments(asking)
    }

    /// Scores for the subspaces of concepts.
    ///
    /// # Errors
    /// When rows can't be read; [`DeskError::Cancelled`].
    pub fn run(self, bases: &[TextBasis], desk: &mut Desk<'_>) -> Result<Found, DeskError> {
        match self.source {
            Source::Moments(moments) => {
                let (scoring, warm) = moments.take(desk)?;
                Ok(Found {
                    scores: by_moments(&scoring, &self.groups, bases, self.kind)?,
                    ground: Ground::of(&scoring),
                    warm,
                })
            }
            Source::Scan {
                rows,
                alignment,
                apart,
            } => {
                let Carried {
                    aligned,
                    held_out_cosine,
                } = alignment.carried(desk)?;
                let found = scan_scores(
                    &rows.open()?,
                    &aligned,
                    &self.groups,
                    bases,
                    self.kind,
                    &rows.keeps(),
                    desk.cancel,
                    desk.progress,
                )?;
                let ground = Ground {
                    images: found.images,
                    apart,
                    held_out_cosine,
                };
                Ok(Found {
                    scores: found.scores,
                    ground,
                    warm: true,
                })
            }
        }
    }
}

/// The right to score units for concepts.
pub struct ConceptScores {
    /// The units.
    pub units: UnitScores,
    /// The concepts' texts.
    pub texts: Texts,
}

impl ConceptScores {
    /// The scores, and whether all texts and moments were there.
    ///
    /// # Errors
    /// As [`UnitScores::run`].
    pub fn run(
        self,
        concepts: &[Concept],
        score: Score,
        desk: &mut Desk<'_>,
    ) -> Result<(Found, bool), DeskError> {
        let embeddings = self.texts.embed(desk)?;
        let bases = bases(&embeddings, concepts, score);
        let found = self.units.run(&bases, desk)?;
        let cached = embeddings.cached && found.warm;
        Ok((found, cached))
    }
}

/// Whether scores follow from moments: single components, all images, and no ranks.
fn from_moments(asking: &Asking<'_>) -> bool {
    let single = |unit: &Unit| matches!(unit, Unit::Component(_));
    asking.images.is_none() && asking.score != Score::Spearman && asking.units.iter().all(single)
}

/// Scores of single components over all images, from moments: no image is read.
fn by_moments(
    scoring: &Scoring,
    groups: &[Group],
    bases: &[TextBasis],
    kind: ScoreKind,
) -> Result<Vec<Vec<f64>>, DeskError> {
    let by_concept = scores_from_moments(&scoring.moments, &scoring.aligned, bases, kind)?;
    let of_unit = |group: &Group| by_concept.iter().map(|s| s[group.components[0]]).collect();
    Ok(groups.iter().map(of_unit).collect())
}

/// The subspaces of concepts.
#[must_use]
pub fn bases(embeddings: &Embeddings, concepts: &[Concept], score: Score) -> Vec<TextBasis> {
    let of = |concept: &Concept| {
        let rows = embeddings.of(concept.texts());
        let dim = rows.len() / concept.texts().len().max(1);
        basis(score, &rows, dim)
    };
    concepts.iter().map(of).collect()
}

/// The basis that a score is taken on, from text embeddings `[k, K]`.
#[must_use]
pub fn basis(score: Score, texts: &[f32], dim: usize) -> TextBasis {
    match score {
        Score::OrderFree => TextBasis::order_free(texts, dim),
        _ => TextBasis::in_list_order(texts, dim),
    }
}

/// What a score computes.
#[must_use]
pub fn kind(score: Score) -> ScoreKind {
    match score {
        Score::Correlation => ScoreKind::Correlation,
        Score::Variance => ScoreKind::VarianceShare,
        Score::Covariance => ScoreKind::CovarianceShare,
        Score::Spearman => ScoreKind::Spearman,
        Score::OrderFree => ScoreKind::TraceCorrelation,
    }
}
