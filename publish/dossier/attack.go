package dossier

// attack names the techniques of MITRE ATT&CK (enterprise, version 17) that mail can show, with their tactic's short name.
var attack = map[string][2]string{
	"T1027":     {"Obfuscated Files or Information", "defense-evasion"},
	"T1027.006": {"HTML Smuggling", "defense-evasion"},
	"T1027.009": {"Embedded Payloads", "defense-evasion"},
	"T1027.010": {"Command Obfuscation", "defense-evasion"},
	"T1027.013": {"Encrypted/Encoded File", "defense-evasion"},
	"T1027.015": {"Compression", "defense-evasion"},
	"T1036":     {"Masquerading", "defense-evasion"},
	"T1036.002": {"Right-to-Left Override", "defense-evasion"},
	"T1036.005": {"Match Legitimate Resource Name or Location", "defense-evasion"},
	"T1036.007": {"Double File Extension", "defense-evasion"},
	"T1036.008": {"Masquerade File Type", "defense-evasion"},
	"T1056.003": {"Web Portal Capture", "credential-access"},
	"T1059.005": {"Visual Basic", "execution"},
	"T1059.007": {"JavaScript", "execution"},
	"T1071.001": {"Web Protocols", "command-and-control"},
	"T1102":     {"Web Service", "command-and-control"},
	"T1114":     {"Email Collection", "collection"},
	"T1140":     {"Deobfuscate/Decode Files or Information", "defense-evasion"},
	"T1185":     {"Browser Session Hijacking", "collection"},
	"T1187":     {"Forced Authentication", "credential-access"},
	"T1189":     {"Drive-by Compromise", "initial-access"},
	"T1199":     {"Trusted Relationship", "initial-access"},
	"T1204":     {"User Execution", "execution"},
	"T1204.001": {"Malicious Link", "execution"},
	"T1204.002": {"Malicious File", "execution"},
	"T1218":     {"System Binary Proxy Execution", "defense-evasion"},
	"T1221":     {"Template Injection", "defense-evasion"},
	"T1497":     {"Virtualization/Sandbox Evasion", "defense-evasion"},
	"T1528":     {"Steal Application Access Token", "credential-access"},
	"T1534":     {"Internal Spearphishing", "lateral-movement"},
	"T1539":     {"Steal Web Session Cookie", "credential-access"},
	"T1553.005": {"Mark-of-the-Web Bypass", "defense-evasion"},
	"T1557":     {"Adversary-in-the-Middle", "credential-access"},
	"T1564":     {"Hide Artifacts", "defense-evasion"},
	"T1566":     {"Phishing", "initial-access"},
	"T1566.001": {"Spearphishing Attachment", "initial-access"},
	"T1566.002": {"Spearphishing Link", "initial-access"},
	"T1566.003": {"Spearphishing via Service", "initial-access"},
	"T1566.004": {"Spearphishing Voice", "initial-access"},
	"T1567":     {"Exfiltration Over Web Service", "exfiltration"},
	"T1567.004": {"Exfiltration Over Webhook", "exfiltration"},
	"T1583":     {"Acquire Infrastructure", "resource-development"},
	"T1583.001": {"Domains", "resource-development"},
	"T1583.003": {"Virtual Private Server", "resource-development"},
	"T1583.006": {"Web Services", "resource-development"},
	"T1584":     {"Compromise Infrastructure", "resource-development"},
	"T1584.001": {"Domains", "resource-development"},
	"T1585.002": {"Email Accounts", "resource-development"},
	"T1586.002": {"Email Accounts", "resource-development"},
	"T1589":     {"Gather Victim Identity Information", "reconnaissance"},
	"T1589.001": {"Credentials", "reconnaissance"},
	"T1589.002": {"Email Addresses", "reconnaissance"},
	"T1591":     {"Gather Victim Org Information", "reconnaissance"},
	"T1591.002": {"Business Relationships", "reconnaissance"},
	"T1591.004": {"Identify Roles", "reconnaissance"},
	"T1598":     {"Phishing for Information", "reconnaissance"},
	"T1598.001": {"Spearphishing Service", "reconnaissance"},
	"T1598.002": {"Spearphishing Attachment", "reconnaissance"},
	"T1598.003": {"Spearphishing Link", "reconnaissance"},
	"T1608.005": {"Link Target", "resource-development"},
	"T1620":     {"Reflective Code Loading", "defense-evasion"},
	"T1656":     {"Impersonation", "defense-evasion"},
	"T1657":     {"Financial Theft", "impact"},
	"T1672":     {"Email Spoofing", "defense-evasion"},
}

// Technique returns the name and the tactic of an ATT&CK technique, the id itself and "" for one that is not in the table.
func Technique(id string) (name, tactic string) {
	if t, ok := attack[id]; ok {
		return t[0], t[1]
	}
	return id, ""
}

// TechniqueURL returns the page of an ATT&CK technique.
func TechniqueURL(id string) string {
	if len(id) > 6 && id[5] == '.' {
		return "https://attack.mitre.org/techniques/" + id[:5] + "/" + id[6:]
	}
	return "https://attack.mitre.org/techniques/" + id
}
