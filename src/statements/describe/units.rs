//! `describe UNIT in MODEL`: how much each unit contributes, on every set that the model is decomposed on.

use candle_core::{DType, Device, Tensor};

use crate::analysis::Group;
use crate::contributions::{Contributions, every_image, read_kept};
use crate::desk::plan::count_of;
use crate::desk::stored::rows::Rows;
use crate::desk::tables::columns::{frame, listing, numbers, texts, unit_columns, whole};
use crate::desk::units::groups::{components_of, groups};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::catalog::ModelInfo;
use crate::lang::query::{Target, Unit};
use crate::work::cancel::Cancel;

/// The right to compute mean norms of units.
pub struct MeanNorms {
    model: ModelInfo,
    units: Vec<Unit>,
    sets: Vec<OnSet>,
}

/// The units on one set.
struct OnSet {
    groups: Vec<Group>,
    rows: Rows,
}

impl MeanNorms {
    /// Plans it.
    pub fn plan(name: &str, units: &[Unit], planner: &mut Planner<'_>) -> Result<Self, DeskError> {
        let model = planner.model_info(name);
        if model.decomposed_on.is_empty() {
            return Err(DeskError::refused(
                format!("{name} is not decomposed on any image set yet"),
                format!("run `decompose SET with {name}`"),
            ));
        }
        let mut sets = Vec::new();
        for set in &model.decomposed_on {
            let stored = planner.stored_unremarked(&Target {
                model: name.to_owned(),
                set: set.clone(),
            })?;
            let groups = groups(stored.specs(), units)?;
            let components = components_of(stored.specs(), units)?.components;
            let whose = count_of(units.len(), "unit");
            let all = vec![true; planner.set_info(set)?.rows];
            let rows = planner.rows_of(&stored, &components, &whose, all);
            sets.push(OnSet { groups, rows });
        }
        Ok(Self {
            model,
            units: units.to_vec(),
            sets,
        })
    }

    /// Computes them.
    pub fn run(self, desk: &Desk<'_>) -> Result<Answer, DeskError> {
        let (mut units, mut sets, mut norms, mut images) = (vec![], vec![], vec![], vec![]);
        for set in &self.sets {
            let (rows, stored) = (set.rows.open()?, set.rows.stored());
            for (unit, group) in self.units.iter().zip(&set.groups) {
                norms.push(mean_norm(&rows, &group.components, desk.cancel)?);
                units.push(*unit);
                sets.push(stored.set().to_owned());
                images.push(Some(stored.images() as u32));
            }
        }
        let mut columns = unit_columns(&self.model, &units, false);
        columns.push(texts("set", sets));
        columns.push(whole("images", images));
        columns.push(numbers("mean norm", norms));
        let title = format!("units of {}", self.model.name);
        Ok(listing(&title, frame(columns)?, ""))
    }
}

/// Mean over images of the length of the summed contributions of some components.
fn mean_norm(
    contributions: &dyn Contributions,
    components: &[usize],
    cancel: &Cancel,
) -> Result<f64, DeskError> {
    let dim = contributions.dim();
    let (mut sum, mut images) = (0.0, 0);
    for part in 0..contributions.parts() {
        cancel.check()?;
        let rows = read_kept(contributions, part, Some(components), &every_image)?;
        let mut total = Tensor::zeros((rows.len(), dim), DType::F32, &Device::Cpu)?;
        for (slab, &component) in rows.slabs.iter().zip(components) {
            let width = contributions.specs()[component].width;
            let map = Tensor::from_slice(contributions.map(component), (width, dim), &Device::Cpu)?;
            let row = Tensor::from_slice(slab, (rows.len(), width), &Device::Cpu)?;
            total = (total + row.matmul(&map)?)?;
        }
        sum += f64::from(total.sqr()?.sum(1)?.sqrt()?.sum_all()?.to_scalar::<f32>()?);
        images += rows.len();
    }
    Ok(sum / images.max(1) as f64)
}
