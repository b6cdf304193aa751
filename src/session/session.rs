//! The store, the names in it, the settings, the results so far.

use std::collections::BTreeMap;
use std::path::PathBuf;

use polars::prelude::DataFrame;

use crate::desk::catalog;
use crate::desk::{DeskError, LoadedModels, Open};
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::Choice;
use crate::lang::catalog::{Catalog, Settings};
use crate::statements::{Registry, STATEMENTS};
use crate::store::{Store, StoreError};

/// The name of the last answer.
const LAST: &str = "_";

/// A store opened for questions.
pub struct Session {
    pub(super) store: Store,
    pub(super) open: Open,
    pub(super) models: LoadedModels,
    pub(super) registry: Registry,
    pub(super) catalog: Catalog,
    pub(super) settings: Settings,
    pub(super) results: BTreeMap<String, DataFrame>,
    /// How many scripts deep the statement at hand is.
    pub(super) depth: usize,
    /// The most bytes of vectors that an answer holds.
    pub(super) memory: usize,
}

impl Session {
    /// Opens the store in `root`.
    ///
    /// # Errors
    /// [`Exit::Missing`] when it can't be read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Failure> {
        Self::over(Store::open(root).map_err(missing)?)
    }

    /// As [`Self::open`], but statements that change the store are refused and caches are not kept.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_read_only(root: impl Into<PathBuf>) -> Result<Self, Failure> {
        Self::over(Store::open(root).map_err(missing)?.read_only())
    }

    fn over(store: Store) -> Result<Self, Failure> {
        let mut session = Self {
            store,
            open: Open::default(),
            models: LoadedModels::default(),
            registry: STATEMENTS,
            catalog: Catalog::default(),
            settings: Settings::default(),
            results: BTreeMap::new(),
            depth: 0,
            memory: 1 << 30,
        };
        session.catalog = session.stock().map_err(missing)?;
        Ok(session)
    }

    /// The same, with models on a device.
    #[must_use]
    pub fn on(mut self, device: Choice) -> Self {
        self.models = LoadedModels::on(device);
        self
    }

    /// The same, with answers that hold at most so many bytes of vectors.
    #[must_use]
    pub fn holding(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The same, with other statements: for tests of what is registered.
    #[must_use]
    pub fn speaking(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self.catalog.topics = registry.topics();
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Remembers an answer as `_`, and under its own name if it has one.
    pub(super) fn keep(&mut self, name: Option<&str>, table: &DataFrame) {
        for name in name.into_iter().chain([LAST]) {
            self.results.insert(name.to_owned(), table.clone());
            self.catalog.list_result(catalog::result(name, table));
        }
    }

    /// Looks again at what names there are.
    pub(super) fn take_stock(&mut self) -> Result<(), Failure> {
        let mut stock = self.stock().map_err(DeskError::from)?;
        stock.results = std::mem::take(&mut self.catalog.results);
        self.catalog = stock;
        Ok(())
    }

    fn stock(&self) -> Result<Catalog, StoreError> {
        let mut stock = catalog::take_stock(&self.store, self.settings.set.as_deref())?;
        stock.topics = self.registry.topics();
        Ok(stock)
    }
}

fn missing(error: StoreError) -> Failure {
    Failure::new(Exit::Missing, error.to_string())
}
