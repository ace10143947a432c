use sha2::{Digest as _, Sha256};
use voip_core::CallId;

/// The id of a call that had another name before: always the same for the same
/// name, so that nothing is doubled however often it is brought over.
///
/// A version 8 UUID (RFC 9562 §5.8) out of SHA-256. `kind` says what the name
/// is, so that no two kinds of names meet.
pub(super) fn derived(kind: &str, name: &str) -> CallId {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    CallId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_has_the_same_id_for_ever() {
        let id = derived("leg", "CA01");
        // Changed, this would double every call on the next run.
        assert_eq!(id.to_string(), "66b27a61-7f2e-853b-ac35-dedca7b95ccf");
        assert_eq!(id.as_uuid().get_version_num(), 8);
        for other in [derived("leg", "CA02"), derived("le", "gCA01")] {
            assert_ne!(other, id);
        }
    }
}
