//! Pipe stages: their columns are looked up in what the stage before them gives, as far as that is known beforehand.

use super::names::{Names, Resolved};
use super::values::{unknown, wrong};
use crate::lang::ast;
use crate::lang::catalog::{ColumnInfo, ColumnKind};
use crate::lang::expect::Role;
use crate::lang::query::{Aggregate, Reducer, Stage};

impl Names<'_> {
    /// The stages after a statement whose answer has `columns`; `None` if that isn't known, when any column will do.
    pub fn stages(
        &mut self,
        written: &[ast::Stage],
        mut columns: Option<Vec<ColumnInfo>>,
    ) -> Resolved<Vec<Stage>> {
        let mut stages = Vec::new();
        for stage in written {
            let resolved = self.stage(stage, columns.as_deref())?;
            columns = columns.map(|before| columns_after(&resolved, before));
            stages.push(resolved);
        }
        Ok(stages)
    }

    fn stage(&mut self, written: &ast::Stage, columns: Option<&[ColumnInfo]>) -> Resolved<Stage> {
        Ok(match written {
            ast::Stage::Where(condition) => {
                let named = self.columns_named(&condition.value)?;
                let columns = columns.unwrap_or(&named);
                Stage::Where(self.filter(&condition.value, columns)?)
            }
            ast::Stage::Sort(keys) => {
                let keys = keys.iter().map(|key| {
                    let column = self.any_column(&key.column, columns)?;
                    Ok((column, key.descending))
                });
                Stage::Sort(keys.collect::<Resolved<_>>()?)
            }
            ast::Stage::Select(names) => Stage::Select(self.any_columns(names, columns)?),
            ast::Stage::Take(count) => Stage::Take(self.count(count)?),
            ast::Stage::Group { by, aggregates } => {
                let aggregates = aggregates.iter().map(|a| self.aggregate(a, columns));
                Stage::Group {
                    by: self.any_columns(by, columns)?,
                    aggregates: aggregates.collect::<Resolved<_>>()?,
                }
            }
            ast::Stage::Save(path) => Stage::Save(self.text(path)?),
        })
    }

    /// The columns a condition speaks of, as columns that could hold anything.
    fn columns_named(&self, condition: &ast::Condition) -> Resolved<Vec<ColumnInfo>> {
        match condition {
            ast::Condition::Test(test) => {
                let name = self.name(&test.value.column)?;
                Ok(vec![ColumnInfo::new(&name, ColumnKind::Any)])
            }
            ast::Condition::Not(inner) => self.columns_named(inner),
            ast::Condition::And(parts) | ast::Condition::Or(parts) => {
                let named: Resolved<Vec<_>> =
                    parts.iter().map(|part| self.columns_named(part)).collect();
                Ok(named?.concat())
            }
        }
    }

    fn any_column(&self, slot: &ast::Slot, columns: Option<&[ColumnInfo]>) -> Resolved<String> {
        match columns {
            Some(columns) => Ok(self.column(slot, columns)?.name.clone()),
            None => self.name(slot),
        }
    }

    fn any_columns(
        &self,
        slots: &[ast::Slot],
        columns: Option<&[ColumnInfo]>,
    ) -> Resolved<Vec<String>> {
        slots
            .iter()
            .map(|slot| self.any_column(slot, columns))
            .collect()
    }

    fn aggregate(
        &self,
        written: &ast::Aggregate,
        columns: Option<&[ColumnInfo]>,
    ) -> Resolved<Aggregate> {
        let name = self.name(&written.reducer)?;
        let found = Reducer::ALL
            .iter()
            .find(|(word, _)| *word == name.to_lowercase());
        let Some(&(_, reducer)) = found else {
            let known = Reducer::ALL.iter().map(|(word, _)| (*word).to_owned());
            let span = written.reducer.span;
            return Err(unknown(Role::Reducer, name, known.collect(), span));
        };
        let column = written.column.as_ref();
        let column = column
            .map(|slot| self.any_column(slot, columns))
            .transpose()?;
        if column.is_none() && reducer != Reducer::Count {
            let message = format!("`{name}` of which column?");
            let expected = "a column after it";
            return Err(wrong(message, expected, written.reducer.span));
        }
        Ok(Aggregate { reducer, column })
    }
}

/// The columns of a stage's answer.
fn columns_after(stage: &Stage, before: Vec<ColumnInfo>) -> Vec<ColumnInfo> {
    let kept = |names: &[String]| {
        let named = names.iter().filter_map(|name| {
            let column = before.iter().find(|column| column.name == *name);
            column.cloned()
        });
        named.collect::<Vec<_>>()
    };
    match stage {
        Stage::Select(names) => kept(names),
        Stage::Group { by, aggregates } => {
            let computed = aggregates
                .iter()
                .map(|aggregate| ColumnInfo::new(&aggregate.name(), ColumnKind::Number));
            kept(by).into_iter().chain(computed).collect()
        }
        _ => before,
    }
}
