//! A temporary folder with a store in it, and pictures to put there.

use std::fs;
use std::path::PathBuf;

use image::{Rgb, RgbImage};
use polars::prelude::DataFrame;
use tempfile::TempDir;
use vitscope::store::{AddReport, Store, StoreError};
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

pub struct Place {
    pub dir: TempDir,
    pub store: Store,
}

impl Place {
    pub fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let store = Store::open(dir.path().join("store")).expect("an empty store");
        Self { dir, store }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("creatable");
        path
    }

    pub fn picture(&self, name: &str, color: [u8; 3]) {
        let image = RgbImage::from_pixel(5, 3, Rgb(color));
        image.save(self.path(name)).expect("saved");
    }

    pub fn add(&self, from: &str, labels: Option<&str>) -> Result<AddReport, StoreError> {
        let labels = labels.map(|name| self.path(name));
        let from = self.path(from);
        (self.store).add_images("set", &from, labels.as_deref(), &Cancel::default(), &Silent)
    }

    pub fn refused(&self, from: &str, labels: Option<&str>) -> String {
        let error = self.add(from, labels).expect_err("refused");
        assert!(self.store.sets().expect("listed").is_empty());
        error.to_string()
    }
}

/// A column of texts.
pub fn strings(frame: &DataFrame, column: &str) -> Vec<Option<String>> {
    let column = frame.column(column).expect("a column");
    let texts = column.str().expect("of texts");
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}
