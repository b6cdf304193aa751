//! How units' aligned contributions are spread, and the ticket to find out.

use std::sync::Arc;

use crate::analysis::{Group, Spread};
use crate::desk::plan::count_of;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::moments::MomentsOf;
use crate::desk::stored::rows::Rows;
use crate::desk::units::groups::{components_of, groups};
use crate::desk::units::scores::Ground;
use crate::desk::{Carried, Desk, DeskError, Planner};
use crate::lang::filter::Filter;
use crate::lang::query::{Unit, UnitsAsked};

/// The right to say how the contributions of units are spread.
pub(super) struct SpreadsOf {
    /// The units, each with whether its spread follows from moments.
    units: Vec<(Group, bool)>,
    /// For single components over all images.
    moments: Option<MomentsOf>,
    /// For all others.
    scan: Option<Scan>,
}

/// How the contributions of units are spread.
pub(super) struct Spreads {
    /// The units.
    pub units: Vec<(Group, Spread)>,
    /// What that rests on.
    pub ground: Ground,
    /// Whether no moments had to be gathered.
    pub warm: bool,
}

impl SpreadsOf {
    /// Plans it. Single components over all images need no image: their rows' moments carried through their map say it.
    pub fn plan(
        asked: &UnitsAsked,
        images: Option<&Filter>,
        stored: &Arc<Stored>,
        units: &[Unit],
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let by_moments = |unit: &&Unit| images.is_none() && matches!(unit, Unit::Component(_));
        let groups = groups(stored.specs(), units)?.into_iter();
        let (of_moments, rest): (Vec<Unit>, Vec<Unit>) = units.iter().partition(by_moments);
        let moments = match of_moments.is_empty() {
            true => None,
            false => Some(planner.moments(&asked.target, stored, &asked.prompt.clip)?),
        };
        let scan = match rest.is_empty() {
            true => None,
            false => Some(Scan::plan(asked, images, stored, &rest, planner)?),
        };
        let which = units.iter().map(|unit| by_moments(&unit));
        Ok(Self {
            units: groups.zip(which).collect(),
            moments,
            scan,
        })
    }

    /// The spreads.
    pub fn run(self, desk: &mut Desk<'_>) -> Result<Spreads, DeskError> {
        let moments = (self.moments)
            .map(|moments| moments.take(desk))
            .transpose()?;
        let warm = moments.as_ref().is_none_or(|(_, warm)| *warm);
        let (mut units, mut rests_on) = (Vec::new(), None);
        for (group, by_moments) in self.units {
            let (spread, ground) = match (&moments, &self.scan) {
                (Some((scoring, _)), _) if by_moments => {
                    let one = group.components[0];
                    let spread = Spread::of_component(&scoring.moments, &scoring.aligned, one);
                    (spread, Ground::of(scoring))
                }
                (_, Some(scan)) => scan.run(&group, desk)?,
                _ => unreachable!("each unit's spread is planned one way or the other"),
            };
            rests_on = Some(ground);
            units.push((group, spread));
        }
        Ok(Spreads {
            units,
            ground: rests_on.expect("a statement names at least one unit"),
            warm,
        })
    }
}

/// The right to a pass over the rows of units.
struct Scan {
    rows: Rows,
    alignment: AlignmentTo,
    /// Whether the set says which images are apart from those of the fit.
    apart: bool,
}

impl Scan {
    fn plan(
        asked: &UnitsAsked,
        images: Option<&Filter>,
        stored: &Arc<Stored>,
        units: &[Unit],
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let keep = planner.scored_images(&asked.target, images)?;
        let components = components_of(stored.specs(), units)?.components;
        let whose = count_of(units.len(), "unit");
        Ok(Self {
            rows: planner.rows_of(stored, &components, &whose, keep),
            alignment: planner.alignment(stored, &asked.prompt.clip)?,
            apart: planner.split(&asked.target.set)?.is_known(),
        })
    }

    fn run(&self, unit: &Group, desk: &Desk<'_>) -> Result<(Spread, Ground), DeskError> {
        let Carried {
            aligned,
            held_out_cosine,
        } = self.alignment.carried(desk)?;
        let spread = Spread::of_unit(
            &self.rows.open()?,
            &aligned,
            unit,
            &self.rows.keeps(),
            desk.cancel,
            desk.progress,
        )?;
        let ground = Ground {
            images: spread.n,
            apart: self.apart,
            held_out_cosine,
        };
        Ok((spread, ground))
    }
}
