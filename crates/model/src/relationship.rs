//! How two records are joined: STIX 2.1 relationship types (section 5.1) and a few of ours.

use crate::choice::choice;

choice! {
    /// The type of a relationship, read "from … to".
    pub enum RelationshipType {
        Affects = 1 "affects" "affects",
        Has = 2 "has" "has",
        FoundOn = 3 "found-on" "found on",
        InstanceOf = 4 "instance-of" "instance of",
        BasedOn = 5 "based-on" "based on",
        ResolvesTo = 6 "resolves-to" "resolves to",
        CommunicatesWith = 7 "communicates-with" "communicates with",
        Uses = 8 "uses" "uses",
        AttributedTo = 9 "attributed-to" "attributed to",
        Targets = 10 "targets" "targets",
        Indicates = 11 "indicates" "indicates",
        OwnedBy = 12 "owned-by" "owned by",
        SameFile = 13 "same-file" "same file as",
        DerivedFrom = 14 "derived-from" "derived from",
        RelatedTo = 15 "related-to" "related to",
    }
}
