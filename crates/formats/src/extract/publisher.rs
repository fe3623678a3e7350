//! Hosts that reports are published on, or that they point to without meaning harm.

use std::collections::HashSet;

use model::observable::{Observable, ObservableType};

/// Vendors, reference sites and infrastructure that reports link to. Marked, never left out: such hosts are abused too.
const WELL_KNOWN: &[&str] = &[
    "abuse.ch", "adobe.com", "akamai.com", "amazon.com", "android.com", "any.run", "apache.org", "apple.com", "avast.com", "avast.io", "bit.ly",
    "bitdefender.com", "blackberry.com", "bleepingcomputer.com", "broadcom.com", "cert.org", "checkpoint.com", "cisa.gov", "cisco.com",
    "clearskysec.com", "cloudflare.com", "crowdstrike.com", "cve.org", "cybereason.com", "debian.org", "dragos.com", "elastic.co", "eset.com",
    "exploit-db.com", "f-secure.com", "facebook.com", "fbi.gov", "fireeye.com", "first.org", "fortinet.com", "github.com", "github.io",
    "githubusercontent.com", "gitlab.com", "google.com", "googleapis.com", "hhs.gov", "hybrid-analysis.com", "ibm.com", "instagram.com",
    "intel471.com", "intezer.com", "jpcert.or.jp", "kaspersky.com", "lab52.io", "linkedin.com", "linux.org", "malpedia.caad.fkie.fraunhofer.de",
    "malwarebytes.com", "mandiant.com", "mcafee.com", "medium.com", "microsoft.com", "misp-project.org", "mitre.org", "mozilla.org", "msdn.com",
    "nist.gov", "npmjs.com", "oasis-open.org", "openssl.org", "oracle.com", "owasp.org", "paloaltonetworks.com", "proofpoint.com", "pypi.org",
    "python.org", "rapid7.com", "recordedfuture.com", "redhat.com", "sans.edu", "sans.org", "secureworks.com", "securelist.com", "sekoia.io",
    "sentinelone.com", "shodan.io", "sophos.com", "splunk.com", "symantec.com", "talosintelligence.com", "trendmicro.com", "twitter.com",
    "ubuntu.com", "unit42.com", "urlscan.io", "us-cert.gov", "virusbulletin.com", "virustotal.com", "vmware.com", "volexity.com", "w3.org",
    "welivesecurity.com", "wikipedia.org", "windows.com", "withsecure.com", "x.com", "youtube.com", "zscaler.com",
];

/// The well-known hosts and those of one report.
pub(super) struct Publishers {
    hosts: HashSet<String>,
}

impl Publishers {
    pub(super) fn new(more: &[String]) -> Self {
        let given = more.iter().filter_map(|host| {
            let bare = host.trim().trim_start_matches("www.");
            Observable::new(ObservableType::Hostname, bare).ok().map(|o| o.value)
        });
        Self { hosts: WELL_KNOWN.iter().map(|h| (*h).to_owned()).chain(given).collect() }
    }

    /// Whether an observable stands on one of the hosts, or below it.
    pub(super) fn own(&self, observable: &Observable) -> bool {
        let value = observable.value.as_str();
        let host = match observable.kind {
            ObservableType::DomainName | ObservableType::Hostname => Some(value),
            ObservableType::EmailAddr => value.rsplit('@').next(),
            ObservableType::Url => model::observable::url_host(value),
            _ => None,
        };
        let Some(host) = host else { return false };
        std::iter::successors(Some(host), |h| h.split_once('.').map(|(_, parent)| parent)).any(|h| self.hosts.contains(h))
    }
}
