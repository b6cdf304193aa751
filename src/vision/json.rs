//! Reading configuration files: every field asked for by name and kind, so that a wrong one is named in the error.

use std::path::Path;

use serde_json::{Map, Value};

use crate::vision::error::CheckpointError;

/// No configured size is larger: what is beyond is a damaged or hostile file.
const LARGEST_COUNT: u64 = 1 << 20;

/// Reads the JSON object in the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Map<String, Value>, CheckpointError> {
    let bytes = std::fs::read(path).map_err(|reason| CheckpointError::read(path, reason))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(CheckpointError::damaged(path, "it is not a JSON object")),
        Err(reason) => Err(CheckpointError::damaged(path, reason.to_string())),
    }
}

/// An object within a configuration file: `path` and `place` say where, for errors.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    path: &'a Path,
    place: &'a str,
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Object<'a> {
    /// The file's outermost object.
    pub(crate) fn root(path: &'a Path, map: &'a Map<String, Value>) -> Self {
        Self {
            path,
            place: "",
            map: Some(map),
        }
    }

    /// The object under `key`; an empty one where there is none.
    pub(crate) fn object(self, key: &'static str) -> Result<Object<'a>, CheckpointError> {
        let map = match self.get(key) {
            None => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => return Err(self.wrong(key, "an object")),
        };
        Ok(Object {
            path: self.path,
            place: key,
            map,
        })
    }

    /// The file this object is in.
    pub(crate) fn path(self) -> &'a Path {
        self.path
    }

    /// The value under `key`, with `null` counting as absent.
    pub(crate) fn get(self, key: &str) -> Option<&'a Value> {
        self.map?.get(key).filter(|value| !value.is_null())
    }

    /// Every key with a value.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.map
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
    }

    /// A whole number that is not negative.
    pub(crate) fn count(self, key: &str) -> Result<Option<usize>, CheckpointError> {
        self.get(key)
            .map(|value| {
                count(value).ok_or_else(|| self.wrong(key, "a whole number of moderate size"))
            })
            .transpose()
    }

    /// Whole numbers, one for each stage of a model, or a single one.
    pub(crate) fn counts(self, key: &str) -> Result<Option<Vec<usize>>, CheckpointError> {
        self.get(key)
            .map(|value| {
                let counts = match value {
                    Value::Array(values) => values.iter().map(count).collect(),
                    one => count(one).map(|one| vec![one]),
                };
                counts.ok_or_else(|| self.wrong(key, "a list of whole numbers of moderate size"))
            })
            .transpose()
    }

    /// A finite number.
    pub(crate) fn number(self, key: &str) -> Result<Option<f64>, CheckpointError> {
        self.get(key)
            .map(|value| {
                let number = value.as_f64().filter(|number| number.is_finite());
                number.ok_or_else(|| self.wrong(key, "a number"))
            })
            .transpose()
    }

    /// `true` or `false`.
    pub(crate) fn flag(self, key: &str) -> Result<Option<bool>, CheckpointError> {
        self.get(key)
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| self.wrong(key, "true or false"))
            })
            .transpose()
    }

    /// A text.
    pub(crate) fn text(self, key: &str) -> Result<Option<&'a str>, CheckpointError> {
        self.get(key)
            .map(|value| value.as_str().ok_or_else(|| self.wrong(key, "a text")))
            .transpose()
    }

    /// Height and width, written as one number for both or as `[height, width]`.
    pub(crate) fn size(self, key: &str) -> Result<Option<(usize, usize)>, CheckpointError> {
        self.get(key)
            .map(|value| {
                let size = match value {
                    Value::Array(pair) => match pair.as_slice() {
                        [height, width] => count(height).zip(count(width)),
                        _ => None,
                    },
                    side => count(side).map(|side| (side, side)),
                };
                let size = size.filter(|&(height, width)| height > 0 && width > 0);
                size.ok_or_else(|| self.wrong(key, "a size in pixels, or [height, width]"))
            })
            .transpose()
    }

    /// One number for each of three channels, or one for all.
    pub(crate) fn channels(self, key: &str) -> Result<Option<[f64; 3]>, CheckpointError> {
        self.get(key)
            .map(|value| {
                let three = match value {
                    Value::Array(numbers) => {
                        let numbers: Vec<f64> = numbers.iter().filter_map(Value::as_f64).collect();
                        <[f64; 3]>::try_from(numbers).ok()
                    }
                    number => number.as_f64().map(|number| [number; 3]),
                };
                three.ok_or_else(|| self.wrong(key, "three numbers, one for each channel"))
            })
            .transpose()
    }

    /// A list of texts.
    pub(crate) fn texts(self, key: &str) -> Result<Option<Vec<String>>, CheckpointError> {
        self.get(key)
            .map(|value| {
                serde_json::from_value(value.clone())
                    .map_err(|_| self.wrong(key, "a list of texts"))
            })
            .transpose()
    }

    /// The error for a field that holds something else than `what`.
    fn wrong(self, key: &str, what: &str) -> CheckpointError {
        let found = self.get(key).map(Value::to_string).unwrap_or_default();
        let found: String = found.chars().take(60).collect();
        CheckpointError::config(
            self.path,
            format!("{} is {found}, and has to be {what}", self.name(key)),
        )
    }

    /// `key` with the object it is in.
    pub(crate) fn name(self, key: &str) -> String {
        if self.place.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.place)
        }
    }
}

/// A whole number of moderate size; Python writes some as `224.0`.
fn count(value: &Value) -> Option<usize> {
    let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
    let number = value.as_u64().or_else(|| value.as_f64().and_then(whole))?;
    (number <= LARGEST_COUNT).then_some(number as usize)
}
