package registry

import "net/netip"

// forbiddenRange is a range of addresses that a tenant must not reach.
type forbiddenRange struct {
	prefix netip.Prefix
	why    string
	// private marks where registries of one's own lie.
	private bool
}

// forbiddenRanges are all that is not the public internet, narrow ranges
// before the wide ones that hold them.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry/ and
// https://www.iana.org/assignments/iana-ipv6-special-registry/, and the cloud
// vendors' documents for their metadata addresses.
func forbiddenRanges() []forbiddenRange {
	return []forbiddenRange{
		{netip.MustParsePrefix("169.254.169.254/32"), "a cloud's metadata address", false},
		{netip.MustParsePrefix("169.254.170.2/32"), "a cloud's metadata address", false},
		{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's metadata address", false},
		{netip.MustParsePrefix("100.100.100.200/32"), "a cloud's metadata address", false},
		{netip.MustParsePrefix("fd00:ec2::/32"), "a cloud's metadata address", false},
		{netip.MustParsePrefix("0.0.0.0/8"), "unspecified", false},
		{netip.MustParsePrefix("10.0.0.0/8"), "private", true},
		{netip.MustParsePrefix("100.64.0.0/10"), "private (carrier-grade NAT)", true},
		{netip.MustParsePrefix("127.0.0.0/8"), "loopback", false},
		{netip.MustParsePrefix("169.254.0.0/16"), "link-local", false},
		{netip.MustParsePrefix("172.16.0.0/12"), "private", true},
		{netip.MustParsePrefix("192.0.0.0/24"), "reserved", false},
		{netip.MustParsePrefix("192.168.0.0/16"), "private", true},
		{netip.MustParsePrefix("198.18.0.0/15"), "reserved for benchmarks", false},
		{netip.MustParsePrefix("224.0.0.0/4"), "multicast", false},
		{netip.MustParsePrefix("240.0.0.0/4"), "reserved", false},
		{netip.MustParsePrefix("::/128"), "unspecified", false},
		{netip.MustParsePrefix("::1/128"), "loopback", false},
		{netip.MustParsePrefix("::/96"), "reserved", false},
		{netip.MustParsePrefix("64:ff9b:1::/48"), "private (NAT64)", false},
		{netip.MustParsePrefix("100::/64"), "reserved", false},
		{netip.MustParsePrefix("2001::/32"), "a tunnel (Teredo)", false},
		{netip.MustParsePrefix("2002::/16"), "a tunnel (6to4)", false},
		{netip.MustParsePrefix("fc00::/7"), "private", true},
		{netip.MustParsePrefix("fe80::/10"), "link-local", false},
		{netip.MustParsePrefix("fec0::/10"), "private", false},
		{netip.MustParsePrefix("ff00::/8"), "multicast", false},
	}
}

// nat64 holds an IPv4 address in its last four bytes.
// Source: https://www.rfc-editor.org/rfc/rfc6052
const nat64 = "64:ff9b::/96"

// forbidden gives the range for which an address must not be reached; false
// when it may.
func forbidden(addr netip.Addr) (forbiddenRange, bool) {
	addr = addr.Unmap()
	if netip.MustParsePrefix(nat64).Contains(addr) {
		bytes := addr.As16()
		addr = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	for _, r := range forbiddenRanges() {
		if r.prefix.Contains(addr) {
			return r, true
		}
	}
	return forbiddenRange{}, false
}
