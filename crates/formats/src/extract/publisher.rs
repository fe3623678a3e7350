//! Hosts that reports are published on, or that they point to without meaning harm.

use std::collections::HashSet;

use model::observable::{Observable, ObservableType};

/// Vendors, news, reference sites, authorities (`gov`, `mil`) and infrastructure that reports link to. Marked, never left
/// out: such hosts are abused too. Link shorteners, file hosts, mail providers and bot
/// channels are missing for that reason.
#[rustfmt::skip]
const WELL_KNOWN: &[&str] = &[
    "360.com", "abuse.ch", "adobe.com", "akamai.com", "alienvault.com", "android.com", "any.run", "apache.org",
    "apple.com", "attackiq.com", "avast.com", "avast.io", "bit.ly", "bitdefender.com", "blackberry.com", "bleepingcomputer.com",
    "broadcom.com", "cert.org", "cert.pl", "checkpoint.com", "cisa.gov", "cisco.com", "cisecurity.org", "clearskysec.com",
    "cloudflare.com", "crowdsec.net", "crowdstrike.com", "cve.org", "cybereason.com", "cyble.com", "cynet.com", "darkreading.com",
    "debian.org", "digicert.com", "docker.com", "dragos.com", "drweb.com", "elastic.co", "eset.com", "europa.eu", "exploit-db.com",
    "f-secure.com", "facebook.com", "fbi.gov", "fireeye.com", "first.org", "fortinet.com", "github.com", 
    "gitlab.com", "gnu.org", "google.com", "googleblog.com", "gov", "gov.uk", "group-ib.com",
    "h-isac.org", "hhs.gov", "huntress.com", "hybrid-analysis.com", "iana.org", "ibm.com", "ietf.org", "instagram.com", "intel471.com",
    "intezer.com", "isao.org", "joesandbox.com", "jpcert.or.jp", "kaspersky.com", "kaspersky.ru", "kernel.org", "krebsonsecurity.com",
    "lab52.io", "letsencrypt.org", "linkedin.com", "linux.org", "malpedia.caad.fkie.fraunhofer.de", "malshare.com",
    "malwarebytes.com", "mandiant.com", "mcafee.com", "medium.com", "microsoft.com", "mil", "misp-project.org", "mitre-engenuity.org",
    "mitre.org", "morphisec.com", "mozilla.org", "msdn.com", "nationalisacs.org", "nist.gov", "npmjs.com", "oasis-open.org",
    "openssl.org", "oracle.com", "owasp.org", "paloaltonetworks.com", "proofpoint.com", "pypi.org",
    "python.org", "qianxin.com", "rapid7.com", "recordedfuture.com", "reddit.com", "redhat.com", "reuters.com", "reversinglabs.com",
    "sans.edu", "sans.org", "securelist.com", "secureworks.com", "sekoia.io", "sentinelone.com", "shodan.io", "skype.com", "sophos.com",
    "splunk.com", "stackoverflow.com", "sygnia.co", "symantec.com", "t.co", "talosintelligence.com", "thehackernews.com",
    "threatconnect.com", "threatpost.com", "trendmicro.com", "tria.ge", "twitter.com", "ubuntu.com", "unit42.com", "urlscan.io",
    "us-cert.gov", "virusbulletin.com", "virusshare.com", "virustotal.com", "vmware.com", "volexity.com", "w3.org", "welivesecurity.com",
    "wikipedia.org", "windows.com", "withsecure.com", "wordpress.org", "x.com", "youtube.com", "zdnet.com", "zscaler.com",
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
