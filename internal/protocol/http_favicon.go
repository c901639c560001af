// Favicons: the picture that a product shows in a browser's tab is a file of its own, and its digest a name.

package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const faviconPath = "/favicon.ico"

// favicons have the products by the SHA-256 of their favicon, each computed from the file in the package that ships it.
var favicons = map[string]string{
	"d72fc7b0bd1a4c1c4a016dfa4bfd594b2fb65a409575ec8f857864d4bdc658be": "Prometheus",       // prometheus 2.42
	"30162b424df7998e5e0adc05b3e22074504698ea81969a5088336653ed4e7c2e": "Adminer",          // adminer 4.8
	"7b30e499996ec4631848d3509d803d9311f5d71999212f2f4c1ca7af8f24eb69": "Roundcube",        // roundcube-core 1.6
	"5210ac65f141394a8540d408a9b56ed64c21c6b212cb28144c874f5715be9ed1": "Redmine",          // redmine 5.0
	"22b06a141c425c92951056805f46691c4cd8e7547ed90b8836a282950d4b4be2": "Zabbix",           // zabbix-frontend-php 6.0
	"7c36d7b909d11cbf85a03ec15b40da1d1277ebbc506a9eee417a40d32e2975c0": "JupyterHub",       // jupyterhub 3.0
	"e2905705920b2636309d785c2df3f155d6379b0aa9a44dc7831524505fa2defd": "phpMyAdmin",       // phpmyadmin 5.2
	"28f1afb28bbaf25c8fdbbd8d2039f672761dff411eae9474c086f72e51beda91": "Dask",             // python3-distributed 2022.12
	"c2638a89fde3633617ec624088730c1dbe4daf18d4f2e44729ece89df3e60176": "Jupyter Notebook", // python3-notebook 6.4
	"df2d5e3411607f81ae8820114c3d684ca67854662b5e52e4d9fc04fc8e398a39": "RabbitMQ",         // rabbitmq-server 3.10
}

// favicon is the digest of an answer that is a whole picture; empty if it is none.
func (a httpAnswer) favicon() string {
	kind := a.field("Content-Type")
	length, counted := number(a.field("Content-Length"))
	chunked := strings.EqualFold(a.field("Transfer-Encoding"), "chunked")
	picture := strings.HasPrefix(kind, "image/") || strings.HasPrefix(a.body, "\x00\x00\x01\x00") || strings.HasPrefix(a.body, "\x89PNG")
	if a.status != "200" || !picture || a.body == "" || counted && length != len(a.body) || !counted && !chunked {
		return ""
	}
	digest := sha256.Sum256([]byte(a.body))
	return hex.EncodeToString(digest[:])
}
