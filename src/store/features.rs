//! Named features and the texts that instantiate them: built in, particular to a set, or the user's own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::directory::Store;
use super::disk::{read_text, wait_for_lock};
use super::error::StoreError;
use super::names::check_name;

/// The 80 prompt templates that CLIP's authors published for ImageNet; `{}` is the text.
pub static TEMPLATES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("templates.txt").lines().collect());

/// Where a feature comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Shipped with vitscope.
    BuiltIn,
    /// Shipped with vitscope for this image set.
    Set(String),
    /// Defined by the user.
    User,
}

/// A feature: a name for some texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Its instantiations, in order.
    pub texts: Vec<String>,
    /// Where it comes from.
    pub origin: Origin,
}

#[derive(Deserialize)]
struct Shipped {
    feature: Vec<ShippedFeature>,
}

#[derive(Deserialize)]
struct ShippedFeature {
    name: String,
    texts: Vec<String>,
    #[serde(default)]
    sets: Vec<String>,
}

static SHIPPED: LazyLock<Vec<ShippedFeature>> = LazyLock::new(|| {
    let shipped: Shipped =
        toml::from_str(include_str!("features.toml")).expect("the shipped file is read in a test");
    shipped.feature
});

#[derive(Default, Serialize, Deserialize)]
struct Own {
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

impl Store {
    /// The features known when `set` is asked about (`None`: no set in particular), one per name, sorted by name. The
    /// user's come before a set's, and those before the general ones.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the user's `features.toml` can't be read.
    pub fn features(&self, set: Option<&str>) -> Result<Vec<Feature>, StoreError> {
        let mut known = BTreeMap::new();
        let mut add = |name: &str, texts: &[String], origin| {
            let feature = Feature {
                name: name.to_owned(),
                texts: texts.to_vec(),
                origin,
            };
            known.insert(name.to_owned(), feature);
        };
        for feature in SHIPPED.iter().filter(|feature| feature.sets.is_empty()) {
            add(&feature.name, &feature.texts, Origin::BuiltIn);
        }
        if let Some(set) = set {
            let particular =
                |feature: &&ShippedFeature| feature.sets.iter().any(|name| name == set);
            for feature in SHIPPED.iter().filter(particular) {
                add(&feature.name, &feature.texts, Origin::Set(set.to_owned()));
            }
        }
        for (name, texts) in &self.own_features()?.features {
            add(name, texts, Origin::User);
        }
        Ok(known.into_values().collect())
    }

    /// The feature of this name.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] with the names there are.
    pub fn feature(&self, name: &str, set: Option<&str>) -> Result<Feature, StoreError> {
        let features = self.features(set)?;
        let known: Vec<_> = features.iter().map(|known| known.name.clone()).collect();
        (features.into_iter().find(|known| known.name == name)).ok_or_else(|| StoreError::Unknown {
            what: "feature",
            name: name.to_owned(),
            known,
            how: format!("`define {name} as \"TEXT\", \"TEXT\"` makes one"),
        })
    }

    /// Defines a feature of the user's, in place of one of the same name.
    ///
    /// # Errors
    /// [`StoreError::BadName`]; [`StoreError::Input`] without texts; [`StoreError::Io`] when it can't be written.
    pub fn define(&self, name: &str, texts: &[String]) -> Result<(), StoreError> {
        check_name("a feature", name)?;
        if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
            let why = format!("the feature {name} needs at least one text, and none that is empty");
            return Err(StoreError::Input(why));
        }
        let _lock = wait_for_lock(&self.disk, &self.root)?;
        let mut own = self.own_features()?;
        own.features.insert(name.to_owned(), texts.to_vec());
        self.save_features(&own)
    }

    /// Forgets a feature of the user's; a shipped one of the same name is known again.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when the user has defined none of this name.
    pub fn undefine(&self, name: &str) -> Result<(), StoreError> {
        let _lock = wait_for_lock(&self.disk, &self.root)?;
        let mut own = self.own_features()?;
        if own.features.remove(name).is_none() {
            return Err(StoreError::Unknown {
                what: "feature of your own",
                name: name.to_owned(),
                known: own.features.into_keys().collect(),
                how: "`show features` lists all".to_owned(),
            });
        }
        self.save_features(&own)
    }

    fn own_features(&self) -> Result<Own, StoreError> {
        let path = self.root.join("features.toml");
        let text = read_text(&path)?.unwrap_or_default();
        toml::from_str(&text).map_err(|error| {
            let why = error.message().to_owned();
            StoreError::damaged(&path, why, "correct it or remove it")
        })
    }

    fn save_features(&self, own: &Own) -> Result<(), StoreError> {
        let text = toml::to_string(own).expect("names and texts are TOML");
        self.disk
            .write(&self.root.join("features.toml"), text.as_bytes())
    }
}
