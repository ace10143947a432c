//! The vendor's error codes, each in one sentence of ours.

/// What a code means, in one sentence.
pub fn explain(code: u32) -> &'static str {
    TABLE
        .binary_search_by_key(&code, |(known, _)| *known)
        .map_or(
            "The vendor's documentation tells more about this code.",
            |index| TABLE[index].1,
        )
}

/// Code and meaning, by code.
const TABLE: &[(u32, &str)] = &[
    (
        11100,
        "An address is missing, relative where nothing tells to what, or not one of HTTP.",
    ),
    (11200, "The application did not give a usable answer."),
    (11203, "The application did not answer in time."),
    (
        11205,
        "The application could not be reached: is it running, and on that port?",
    ),
    (
        11215,
        "The application redirected the request more than ten times.",
    ),
    (
        11216,
        "The application redirected the request to an address that cannot be used.",
    ),
    (
        11243,
        "The part of an address after the # asks for a retry policy that does not exist.",
    ),
    (
        11750,
        "The document is larger than 64 kB, or a sound larger than 16 MiB.",
    ),
    (11770, "The answer is empty where a document was expected."),
    (12100, "The document is not well-formed XML."),
    (
        12101,
        "The document says that it is of another version of XML than 1.0 or 1.1.",
    ),
    (12102, "The document's root element is not Response."),
    (
        12200,
        "The document has an element or attribute that is not allowed there; it was skipped.",
    ),
    (
        12300,
        "The answer's content type is neither markup nor sound; text/xml is what works.",
    ),
    (
        13000,
        "A Conference or Queue stands beside other targets of a Dial; it must stand alone.",
    ),
    (
        13201,
        "A document for a callee who is not connected yet may not dial.",
    ),
    (
        13212,
        "A Dial's timeout is not valid; 5 to 600 seconds are.",
    ),
    (13213, "A Dial's hangupOnStar is neither true nor false."),
    (
        13214,
        "A Dial's callerId is not a number of this account or, from a client, is missing.",
    ),
    (
        13215,
        "A Dial has an element inside that cannot be dialled.",
    ),
    (13216, "A Dial's timeLimit is not valid."),
    (13217, "A Dial's record is not valid."),
    (13218, "A Dial's sequential is neither true nor false."),
    (13219, "A Dial's answerOnBridge is neither true nor false."),
    (13221, "A Number's method is neither GET nor POST."),
    (13222, "A Number's sendDigits has something that is no key."),
    (
        13223,
        "The number to dial is not in international form, with a + in front.",
    ),
    (13224, "The number to dial is not valid or not supported."),
    (13230, "A Conference's muted is neither true nor false."),
    (
        13231,
        "A Conference's endConferenceOnExit is neither true nor false.",
    ),
    (
        13232,
        "A Conference's startConferenceOnEnter is neither true nor false.",
    ),
    (13234, "A Conference's waitMethod is neither GET nor POST."),
    (13235, "A Conference's beep is not valid."),
    (
        13237,
        "A Conference has no name, or one of more than 128 characters.",
    ),
    (
        13238,
        "A wait or hold document has a verb that is not allowed there; it was skipped.",
    ),
    (
        13240,
        "A participant is to coach a call that is not in the conference.",
    ),
    (13710, "A Redirect's method is neither GET nor POST."),
    (13750, "The simulator does not execute this verb."),
    (13910, "A Pause's length is not valid."),
    (
        14106,
        "The call went through too many documents, so it is taken for a loop.",
    ),
    (
        15003,
        "The application answered a status callback with an error, or not at all.",
    ),
    (
        16025,
        "Another participant of the conference has this label.",
    ),
    (
        20003,
        "The account SID, or the auth token or API key, is wrong or missing.",
    ),
    (20004, "This address does not know that HTTP method."),
    (20007, "The page size is above 1000."),
    (20009, "What is to be deleted is not over yet."),
    (
        20404,
        "There is nothing at this address: an unknown SID, or a participant that has left.",
    ),
    (20422, "A parameter is not valid."),
    (
        20429,
        "Too many requests at once; nothing was done, so the request is safe to repeat.",
    ),
    (
        20500,
        "The provider failed; the request may or may not have been carried out.",
    ),
    (
        20503,
        "The provider is unavailable; the request was not carried out.",
    ),
    (21201, "The request does not say whom to call."),
    (
        21205,
        "An address is missing, relative, or not one of HTTP.",
    ),
    (
        21206,
        "SendDigits has something that is no key, or more than 32 keys.",
    ),
    (21208, "Timeout is not valid; up to 600 seconds are."),
    (21209, "A method is neither GET nor POST."),
    (
        21210,
        "The caller's number is well-formed, but not owned or verified.",
    ),
    (21211, "The number to call is malformed."),
    (21212, "The caller's number is malformed."),
    (21213, "The request does not say who calls."),
    (21214, "The number to call cannot be reached."),
    (21215, "Calls to this region are not permitted."),
    (21216, "The provider blocks calls to this number."),
    (21217, "The number to call does not appear to be valid."),
    (21218, "There is no such application."),
    (
        21220,
        "The call is not in a state in which this can be done, most often because it is over.",
    ),
    (21234, "A parameter of the machine detection is not valid."),
    (
        21262,
        "Machine detection ran, and nobody is told its result.",
    ),
    (
        32018,
        "The document in the request is longer than 4000 characters.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_rise_and_each_has_one_sentence() {
        assert!(TABLE.is_sorted_by(|one, other| one.0 < other.0));
        for (code, sentence) in TABLE {
            assert!(sentence.ends_with(['.', '?']), "{code}");
            assert_eq!(explain(*code), *sentence);
        }
    }
}
