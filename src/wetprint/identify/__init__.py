"""Identification: what can be measured of an effect before anything is learned."""
