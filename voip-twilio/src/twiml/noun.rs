//! What a leg can be connected with by [`dial`](super::verb::dial).

use super::Element;

/// A phone number.
pub fn number(e164: &str) -> Element {
    Element::new("Number").text(e164)
}

/// A voice client.
pub fn client(identity: &str) -> Element {
    Element::new("Client").text(identity)
}

/// A voice client that is told something; add [`parameter`]s.
pub fn client_with_parameters(identity: &str) -> Element {
    Element::new("Client").child(Element::new("Identity").text(identity))
}

/// Something a voice client is told.
pub fn parameter(name: &str, value: &str) -> Element {
    Element::new("Parameter")
        .attr("name", name)
        .attr("value", value)
}

/// A conference, made on the first leg's arrival. The name is no place for
/// personal data.
pub fn conference(name: &str) -> Element {
    Element::new("Conference").text(name)
}

/// The first caller in a queue.
pub fn queue(name: &str) -> Element {
    Element::new("Queue").text(name)
}

/// A SIP address.
pub fn sip(uri: &str) -> Element {
    Element::new("Sip").text(uri)
}
