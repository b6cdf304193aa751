//! `decompose`: images in, pooled rows out, part by part.

mod help;
mod job;
mod notes;
mod one;
mod size;

use self::one::{How, One};
use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::ast::{Clause, Sort};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Target;
use crate::lang::resolve::{Names, Resolved};
use crate::store::Precision;

/// `decompose SET with MODELS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decompose {
    /// The images.
    pub set: String,
    /// The models, each once.
    pub models: Vec<String>,
    /// How rows are stored.
    pub precision: Precision,
    /// What the linear layers of the forward pass multiply.
    pub forward: Numbers,
    /// Images that go through a model together.
    pub batch: Option<usize>,
    /// How many layers, from the last, keep their components; all by default.
    pub last_layers: Option<usize>,
    /// Whether what single tokens contribute is asked for.
    pub tokens: bool,
}

impl Statement for Decompose {
    const RULE: &'static str = "decompose";
    const HELP: &'static Topic = &help::HELP;
    const EFFECT: Effect = Effect::Store;
    type Tickets = Vec<One>;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let count = |name| said.said(name).map(|slot| names.count(slot)).transpose();
        let (batch, last_layers) = (count("batch")?, count("last_layers")?);
        let mut models: Vec<String> = Vec::new();
        for model in said.slots(Sort::Name(Role::Model)) {
            let name = &names.model(model)?.value.name;
            if !models.contains(name) {
                models.push(name.clone());
            }
        }
        let option = |name, word| said.clause(name).is_some_and(|option| option.has(word));
        Ok(Self {
            set: names.set(said.the(Role::Set))?.value.name.clone(),
            models,
            precision: match option("precision", "f16") {
                true => Precision::F16,
                false => Precision::F32,
            },
            forward: match (option("forward", "bf16"), option("forward", "f16")) {
                (true, _) => Numbers::Bf16,
                (_, true) => Numbers::F16,
                _ => Numbers::F32,
            },
            batch,
            last_layers,
            tokens: said.has("tokens"),
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Vec<One>, DeskError> {
        if self.tokens {
            return Err(DeskError::refused(
                "what single tokens contribute is not stored: for a ViT-B it would take 7 MB per image, a hundred times \
                 the rest, while one forward pass gives it anew for the images that are looked at",
                "leave out `tokens`",
            ));
        }
        planner.step(format!("decompose {}", self.set), |planner| {
            let each = self.models.iter().map(|model| {
                let target = Target {
                    model: model.clone(),
                    set: self.set.clone(),
                };
                One::plan(target, self.how(), planner)
            });
            each.collect()
        })
    }

    fn run(&self, models: Vec<One>, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let mut before: Option<Answer> = None;
        for one in models {
            // At once: should a later model fail, this one is done all the same.
            if let Some(answer) = before.take() {
                desk.hand_out(answer)?;
            }
            before = Some(one.run(desk).map_err(goes_on)?);
        }
        Ok(Outcome::Final(before.unwrap_or_default()))
    }
}

impl Decompose {
    fn how(&self) -> How {
        How {
            precision: self.precision,
            forward: self.forward,
            batch: self.batch,
            last_layers: self.last_layers,
        }
    }
}

/// A cancelled decomposition is no loss, which its user should know.
fn goes_on(error: DeskError) -> DeskError {
    match error.is_cancelled() {
        true => DeskError::Stopped {
            help: "what is stored stays; the same statement goes on from there".to_owned(),
        },
        false => error,
    }
}
