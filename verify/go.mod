module rescind/verify

go 1.26.0
