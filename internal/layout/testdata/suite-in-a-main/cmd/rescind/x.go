// Package main is planted.
package main

import _ "rescind/shared/storetest"
