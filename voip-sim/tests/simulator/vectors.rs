//! Known answers: the documents that the vendor's own library writes are read as they were meant.

use serde_json::Value;
use voip_sim::twiml::read;

/// Documents with something that no telephone could do; the code of each warning.
const WARNED: [(&str, &[u32]); 0] = [];

#[test]
fn documents_of_the_vendors_library_are_read_with_every_verb_and_without_warnings() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../voip-twilio/tests/vectors.json")).unwrap();
    let vectors = vectors["twiml"].as_array().unwrap();
    assert!(vectors.len() >= 20);
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let document = read(vector["xml"].as_str().unwrap()).expect(name);
        let children = vector["document"]["children"].as_array().unwrap();
        let written: Vec<&str> = children
            .iter()
            .filter_map(|child| child["tag"].as_str())
            .collect();
        let verbs: Vec<&str> = document.verbs.iter().map(|verb| verb.name()).collect();
        assert_eq!(verbs, written, "{name}");
        let codes: Vec<u32> = document
            .warnings
            .iter()
            .map(|warning| warning.code)
            .collect();
        let expected = WARNED.iter().find(|(warned, _)| *warned == name);
        assert_eq!(
            codes,
            expected.map_or(&[][..], |(_, codes)| *codes),
            "{name}"
        );
    }
}
