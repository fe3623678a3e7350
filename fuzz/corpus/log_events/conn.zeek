#separator \x09
#unset_field	-
#fields	ts	id.orig_h	id.resp_h	service
1769853600.5	10.0.0.1	192.0.2.7	-
1769853601.5	10.0.0.1	192.0.2.8	\x64ns
