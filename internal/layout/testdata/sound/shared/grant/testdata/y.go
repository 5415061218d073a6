package y

import _ "net/http"
