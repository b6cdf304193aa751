//! A made-up world: two models with random contributions, one of them a CLIP whose text embeddings are already known.

use std::fmt::Write as _;

use polars::prelude::{Column, DataFrame};
use serde_json::json;
use vitscope::align::Random;
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::kernels::Numbers;
use vitscope::session::Session;
use vitscope::store::{Header, ModelEntry, Precision, Skipped, fingerprint};

use crate::place::Place;

pub const IMAGES: usize = 48;
pub const PART: usize = 16;
pub const WIDTH: usize = 3;
/// An image that no model could read.
pub const SKIPPED: u32 = 4;

pub struct World {
    pub place: Place,
    pub clip: Known,
    pub vit: Known,
}

/// What a model was made of.
pub struct Known {
    pub dim: usize,
    pub specs: Vec<RowSpec>,
    pub maps: Vec<Vec<f32>>,
    /// By component: `[IMAGES, WIDTH]`.
    pub rows: Vec<Vec<f32>>,
}

impl World {
    pub fn new() -> Self {
        let mut labels = "file,split,color\n".to_owned();
        for image in 0..IMAGES {
            let split = if image % 3 == 0 { "eval" } else { "fit" };
            let color = ["red", "blue"][image % 2];
            writeln!(labels, "{image:02}.png,{split},{color}").expect("a text grows");
        }
        Self::with(&labels, &[], Known::random(6, 1))
    }

    /// A world in which this is known about the images, with these features beside the usual ones, and this CLIP.
    pub fn with(labels: &str, features: &[(&str, &[&str])], clip: Known) -> Self {
        let place = Place::new();
        for image in 0..IMAGES {
            let shade = image as u8 * 5;
            place.picture(&format!("photos/{image:02}.png"), [shade, 255 - shade, 7]);
        }
        std::fs::write(place.path("labels.csv"), labels).expect("writable");
        place.add("photos", Some("labels.csv")).expect("added");
        for (name, texts) in features {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            place.store.define(name, &texts).expect("defined");
        }
        let world = Self {
            clip,
            vit: Known::random(5, 2),
            place,
        };
        world.register("clip", &world.clip, true);
        world.register("vit", &world.vit, false);
        world.embed();
        world
    }

    pub fn session(&self) -> Session {
        Session::open(self.place.store.root()).expect("a session")
    }

    fn register(&self, name: &str, known: &Known, is_clip: bool) {
        let store = &self.place.store;
        let weights = self.place.path(&format!("{name}/model.safetensors"));
        std::fs::write(&weights, name).expect("writable");
        let folder = weights.parent().expect("a folder");
        let mut entry = ModelEntry::new(name, folder, "vit", std::slice::from_ref(&weights), None)
            .expect("an entry");
        let names = known.specs.iter().map(|spec| spec.component.to_string());
        entry.about = json!({
            "architecture": "made up",
            "image": [5, 5],
            "dim": known.dim,
            "components": names.collect::<Vec<_>>(),
            "widths": vec![WIDTH; known.specs.len()],
            "preprocessing": "none",
            "is_clip": is_clip,
            "templates": Vec::<String>::new(),
        });
        store.save_model(&entry).expect("saved");
        let header = Header {
            model_fingerprint: entry.fingerprint,
            preprocessing: "none".to_owned(),
            precision: Precision::F32,
            forward: Numbers::F32,
            dims: known.dim,
            specs: known.specs.clone(),
            maps: known.maps.clone(),
            columns: DataFrame::default(),
            part_rows: PART,
        };
        let mut writer = store.begin(name, "set", &header).expect("begun");
        while let Some(range) = writer.pending() {
            let ids: Vec<u32> = (range.start as u32..range.end as u32)
                .filter(|id| *id != SKIPPED)
                .collect();
            let skipped = range.contains(&(SKIPPED as usize)).then(|| Skipped {
                id: SKIPPED,
                image: "04.png".to_owned(),
                reason: "made up".to_owned(),
            });
            let skipped: Vec<Skipped> = skipped.into_iter().collect();
            writer.write(&known.part(&ids), &skipped).expect("written");
        }
        writer.finish().expect("finished");
    }

    /// Puts an embedding of every known text and word in the cache, so that no text tower is asked for.
    fn embed(&self) {
        let store = &self.place.store;
        let clip = store.model("clip").expect("registered");
        let mut cache = store.texts(&clip.fingerprint).expect("a cache");
        let features = store.features(Some("set")).expect("features");
        for text in features.iter().flat_map(|feature| &feature.texts) {
            for text in text.split_whitespace().chain([text.as_str()]) {
                cache.insert(text, &fingerprint(b""), embedding(text));
            }
        }
        cache.save().expect("saved");
    }
}

/// The unit vector that a text is given.
pub fn embedding(text: &str) -> Vec<f32> {
    let seed = text.bytes().fold(7u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    });
    let mut random = Random::new(seed);
    let values: Vec<f64> = (0..6).map(|_| random.normal()).collect();
    let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    values.iter().map(|v| (v / length) as f32).collect()
}

impl Known {
    pub fn random(dim: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut normals =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal() as f32).collect() };
        let components = [
            Component::init(),
            Component::head(0, 0),
            Component::head(0, 1),
            Component::mlp(0),
            Component::head(1, 0),
            Component::head(1, 1),
            Component::mlp(1),
            Component::bias(),
        ];
        let specs = components.map(|component| RowSpec {
            component,
            width: WIDTH,
        });
        Self {
            dim,
            maps: specs.iter().map(|_| normals(WIDTH * dim)).collect(),
            rows: specs.iter().map(|_| normals(IMAGES * WIDTH)).collect(),
            specs: specs.to_vec(),
        }
    }

    fn part(&self, ids: &[u32]) -> Rows {
        let slab = |rows: &Vec<f32>| {
            let row = |&id: &u32| rows[id as usize * WIDTH..(id as usize + 1) * WIDTH].to_vec();
            ids.iter().flat_map(row).collect()
        };
        let all: Vec<&str> = Vec::new();
        Rows {
            ids: ids.to_vec(),
            z: ids
                .iter()
                .flat_map(|&id| narrow(&self.sum(id, &all)))
                .collect(),
            slabs: self.rows.iter().map(slab).collect(),
        }
    }

    fn place(&self, name: &str) -> usize {
        let place = self
            .specs
            .iter()
            .position(|spec| spec.component.to_string() == name);
        place.expect("a component")
    }

    /// What a component contributes to an image, in f64.
    pub fn contribution(&self, id: u32, component: &str) -> Vec<f64> {
        let place = self.place(component);
        let row = &self.rows[place][id as usize * WIDTH..][..WIDTH];
        times(
            &row.iter().map(|&v| v.into()).collect::<Vec<f64>>(),
            &self.maps[place],
        )
    }

    /// What some components (none: all) contribute together.
    pub fn sum(&self, id: u32, components: &[&str]) -> Vec<f64> {
        let all: Vec<String> = self
            .specs
            .iter()
            .map(|spec| spec.component.to_string())
            .collect();
        let chosen: Vec<&str> = match components {
            [] => all.iter().map(String::as_str).collect(),
            some => some.to_vec(),
        };
        let mut sum = vec![0.0; self.dim];
        for component in chosen {
            let own = self.contribution(id, component);
            sum.iter_mut().zip(own).for_each(|(s, v)| *s += v);
        }
        sum
    }
}

/// `row · map`.
pub fn times(row: &[f64], map: &[f32]) -> Vec<f64> {
    let columns = map.len() / row.len();
    let column = |c: usize| {
        (0..row.len())
            .map(|r| row[r] * f64::from(map[r * columns + c]))
            .sum()
    };
    (0..columns).map(column).collect()
}

pub fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The images that have rows.
pub fn ids() -> Vec<u32> {
    (0..IMAGES as u32).filter(|id| *id != SKIPPED).collect()
}

/// The images that scores are taken on.
pub fn scored_ids() -> Vec<u32> {
    ids().into_iter().filter(|id| id % 3 == 0).collect()
}

pub fn column<'f>(frame: &'f DataFrame, name: &str) -> &'f Column {
    frame
        .column(name)
        .unwrap_or_else(|_| panic!("a column {name} in {frame}"))
}

pub fn floats(frame: &DataFrame, name: &str) -> Vec<f64> {
    let values = column(frame, name).f64().expect("numbers").iter();
    values
        .map(|value| value.expect("no value is missing"))
        .collect()
}

pub fn whole(frame: &DataFrame, name: &str) -> Vec<u32> {
    let values = column(frame, name).u32().expect("whole numbers").iter();
    values
        .map(|value| value.expect("no value is missing"))
        .collect()
}

pub fn strings(frame: &DataFrame, name: &str) -> Vec<String> {
    let texts = crate::place::strings(frame, name);
    texts
        .into_iter()
        .map(|text| text.expect("no text is missing"))
        .collect()
}

/// A column of vectors, row by row.
pub fn vectors(frame: &DataFrame, name: &str) -> Vec<Vec<f32>> {
    let arrays = column(frame, name).array().expect("vectors");
    let row = |row: usize| {
        let values = arrays.get_as_series(row).expect("a vector");
        values.f32().expect("of f32").iter().flatten().collect()
    };
    (0..frame.height()).map(row).collect()
}
