//! `as paper` calls every unit what the paper's released code calls it: layers counted from the end, two digits, MaxViT's
//! convolutions by the two attention layers of their block.

use std::collections::BTreeSet;

use polars::prelude::DataFrame;
use vitscope::decompose::{Component, ComponentKind};
use vitscope::desk::tables::columns::unit_columns;
use vitscope::lang::catalog::ModelInfo;
use vitscope::lang::query::Unit;

use crate::support::{component_names, shared};

/// The paper's names of the components of the golden file `closed/NAME`, in its own order of them.
fn named(name: &str) -> Vec<(Component, String)> {
    let names = component_names(&shared("closed").join(name));
    let components: Vec<Component> = names
        .iter()
        .map(|name| name.parse().expect("a component"))
        .collect();
    let of = |kind| components.iter().filter(move |c| c.kind == kind);
    let layers = of(ComponentKind::Head)
        .map(|c| c.layer)
        .max()
        .expect("heads")
        + 1;
    let heads = |layer| of(ComponentKind::Head).filter(|c| c.layer == layer).count() as u16;
    let model = ModelInfo {
        heads: (0..layers).map(heads).collect(),
        mlps: of(ComponentKind::Mlp).count() as u16,
        convs: of(ComponentKind::Conv).count() as u16,
        ..ModelInfo::default()
    };
    let units: Vec<Unit> = components.iter().copied().map(Unit::Component).collect();
    let columns = unit_columns(&model, &units, true);
    let table = DataFrame::new(units.len(), columns).expect("a table");
    let names = table
        .column("unit")
        .and_then(|c| c.str().cloned())
        .expect("names");
    let names = names.iter().map(|name| name.expect("a name").to_owned());
    components.iter().copied().zip(names).collect()
}

fn name_of(named: &[(Component, String)], component: Component) -> &str {
    let found = named.iter().find(|(own, _)| *own == component);
    &found.expect("a component").1
}

#[test]
fn every_family_has_the_papers_names_and_counts() {
    // whole networks at head level, `bias` apart, which the paper spreads over the others
    let cases = [
        ("vit_b16_224", 157),
        ("clip_b16_224", 157),
        ("swin_b_224", 401),
        ("maxvit_s_224", 286),
    ];
    for (name, count) in cases {
        let named = named(&format!("{name}.safetensors"));
        let names: BTreeSet<&String> = named.iter().map(|(_, name)| name).collect();
        assert_eq!(
            names.len(),
            count + 1,
            "{name}: as many names as components"
        );
    }
}

#[test]
fn layers_count_from_the_end() {
    let vit = named("vit_b16_224.safetensors");
    assert_eq!(
        name_of(&vit, Component::head(11, 3)),
        "layer:00, attn_head:03"
    );
    assert_eq!(
        name_of(&vit, Component::head(9, 11)),
        "layer:02, attn_head:11"
    );
    assert_eq!(name_of(&vit, Component::mlp(0)), "layer:11, mlp");
    assert_eq!(name_of(&vit, Component::init()), "init");
    // layers 0 and 1 are blocks 1 and 0 of stage 3, layer 2 is the last of the 18 of stage 2
    let swin = named("swin_b_224.safetensors");
    assert_eq!(
        name_of(&swin, Component::head(23, 31)),
        "layer:00, attn_head:31"
    );
    assert_eq!(
        name_of(&swin, Component::head(21, 15)),
        "layer:02, attn_head:15"
    );
    assert_eq!(name_of(&swin, Component::mlp(0)), "layer:23, mlp");
}

#[test]
fn maxvits_blocks_are_two_layers_and_a_convolution() {
    let maxvit = named("maxvit_s_224.safetensors");
    // the grid attention of the last block, its window attention, its convolution
    assert_eq!(
        name_of(&maxvit, Component::head(21, 0)),
        "layer:00, attn_head:00"
    );
    assert_eq!(name_of(&maxvit, Component::mlp(20)), "layer:01, mlp");
    assert_eq!(
        name_of(&maxvit, Component::conv(10)),
        "layer:(00, 01), conv"
    );
    assert_eq!(name_of(&maxvit, Component::conv(0)), "layer:(20, 21), conv");
    // sorted as text, which is the paper's order: init, convolutions, then layer by layer
    let mut sorted: Vec<&str> = maxvit.iter().map(|(_, name)| name.as_str()).collect();
    sorted.sort_unstable();
    let ours = sorted
        .iter()
        .filter(|name| **name != "bias" && **name != "init");
    let ours: Vec<&str> = ours.copied().collect();
    assert!(
        ours[..11].iter().all(|name| name.ends_with("conv")),
        "{:?}",
        &ours[..12]
    );
    assert_eq!(ours[11], "layer:00, attn_head:00");
    assert_eq!(ours[11 + 24], "layer:00, mlp");
}
